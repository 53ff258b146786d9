import { badArguments } from "../../shared/failure.ts";
import { nearest } from "../../shared/suggest.ts";
import type { User, Users } from "../api/users.ts";
import { comparable } from "../values.ts";

const candidatesNamed = 5;
const perPage = 200;
/** No Bigin has as many users as these pages hold. */
const pagesAtMost = 25;

export interface Person {
  id: string;
  name: string;
  /** False: Bigin gives records to nobody who left. */
  active: boolean;
}

/** Every user, those who left as well: records keep them as owners. */
export async function allUsers(users: Users): Promise<User[]> {
  const all: User[] = [];
  let more = true;
  for (let page = 1; more && page <= pagesAtMost; page += 1) {
    const answer = await users.list({ type: "AllUsers", page, per_page: perPage });
    all.push(...answer.users);
    more = answer.more;
  }
  return all;
}

/**
 * The user meant by an id, an e-mail address, a full name, a part of one that fits nobody else, or "me". Where it
 * could be several, those who left do not count.
 */
export function personNamed(
  name: string,
  users: readonly User[],
  current: User | undefined,
): Person {
  const wanted = comparable(name);
  if (wanted === "me" && current) return shown(current);
  const exact = users.filter((user) =>
    [user.id, user.email, user.full_name].some((one) => one && comparable(one) === wanted),
  );
  const found = activeFirst(
    exact.length > 0
      ? exact
      : users.filter((user) => comparable(user.full_name).split(/\s+/).includes(wanted)),
  );
  const [person, second] = found;
  if (person && !second) return shown(person);
  if (person)
    throw badArguments(
      `"${name}" could be ${found
        .slice(0, candidatesNamed)
        .map((user) => `${user.full_name} <${user.email ?? user.id}>`)
        .join(" or ")}: use the e-mail address.`,
    );
  const names = users.map((user) => user.full_name);
  const hint = nearest(name, names) || ` Users: ${names.slice(0, candidatesNamed).join(", ")}.`;
  throw badArguments(`No user of this Bigin is called "${name}".${hint}`);
}

function activeFirst(users: readonly User[]): readonly User[] {
  const active = users.filter(isActive);
  return active.length > 0 ? active : users;
}

function isActive(user: User): boolean {
  return !user.status || user.status === "active";
}

function shown(user: User): Person {
  return { id: user.id, name: user.full_name, active: isActive(user) };
}
