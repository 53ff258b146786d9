import { badArguments } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { User, Users } from "../api/users.ts";
import { candidatesNamed, recordsPerPage, userPages } from "../limits.ts";
import { comparable, namedWithId } from "../values.ts";

export interface Person {
  id: string;
  name: string;
  /** False for users who left: Bigin does not let them own more records. */
  active: boolean;
}

/** All users, including those who left, because records can still have them as owners. */
export async function allUsers(users: Users): Promise<User[]> {
  const all: User[] = [];
  let more = true;
  for (let page = 1; more && page <= userPages; page += 1) {
    const found = await users.list({ type: "AllUsers", page, per_page: recordsPerPage });
    all.push(...found.users);
    more = found.more;
  }
  return all;
}

/**
 * Finds a user by id, e-mail address, full name, "me", or one word of the name. Fails unless exactly one user fits; if
 * several do, users who left are ignored.
 */
export function personNamed(
  name: string,
  users: readonly User[],
  current: User | undefined,
): Person {
  const person = personIfAny(name, users, current);
  if (person) return person;
  const names = users.map((user) => user.full_name);
  const hint = didYouMean(name, names) || ` Users: ${names.slice(0, candidatesNamed).join(", ")}.`;
  throw badArguments(`No user of this Bigin is called "${name}".${hint}`);
}

/** Like `personNamed`, but undefined if no user fits. */
export function personIfAny(
  name: string,
  users: readonly User[],
  current: User | undefined,
): Person | undefined {
  const shown = userShown(name, users);
  if (shown) return personOf(shown);
  const wanted = comparable(name);
  if (wanted === "me" && current) return personOf(current);
  const exact = users.filter((user) =>
    [user.id, user.email, user.full_name].some((one) => one && comparable(one) === wanted),
  );
  const found = activeFirst(
    exact.length > 0
      ? exact
      : users.filter((user) => comparable(user.full_name).split(/\s+/).includes(wanted)),
  );
  const [person, second] = found;
  if (!second) return person && personOf(person);
  const candidates = found
    .slice(0, candidatesNamed)
    .map((user) => `${user.full_name} <${user.email ?? user.id}>`);
  throw badArguments(`"${name}" could be ${candidates.join(" or ")}: use the email address.`);
}

/** The user in a text with a name and an id, as replies show it where two users share a name. */
function userShown(text: string, users: readonly User[]): User | undefined {
  const { name = "", id } = namedWithId(text) ?? {};
  const isIt = (user: User) => user.id === id && comparable(user.full_name) === comparable(name);
  return users.find(isIt);
}

function activeFirst(users: readonly User[]): readonly User[] {
  const active = users.filter(isActive);
  return active.length > 0 ? active : users;
}

function isActive(user: User): boolean {
  return !user.status || user.status === "active";
}

function personOf(user: User): Person {
  return { id: user.id, name: user.full_name, active: isActive(user) };
}
