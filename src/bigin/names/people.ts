import { badArguments, type Failure } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { User, Users } from "../api/users.ts";
import { candidatesNamed, recordsPerPage, userPages } from "../limits.ts";
import { comparable, isId, namedWithId } from "../values.ts";

export interface Person {
  id: string;
  name: string;
  /** False for users who left: Bigin does not let them own more records. */
  active: boolean;
}

/** The users of an organisation. */
export interface People {
  users: readonly User[];
  /** False if there are users, or addresses of users, that could not be read. */
  isWhole: boolean;
}

/** All users, including those who left, because records can still have them as owners. */
export async function allUsers(users: Users): Promise<People> {
  const all = new Map<string, User>();
  let skipped = 0;
  for (let page = 1; page <= userPages; page += 1) {
    const found = await users.list({ type: "AllUsers", page, per_page: recordsPerPage });
    const known = all.size;
    for (const user of found.users) all.set(user.id, user);
    skipped += found.skipped;
    if (!found.more) {
      const users = [...all.values()];
      return { users, isWhole: skipped === 0 && users.every(({ email }) => email) };
    }
    const isRepeated = found.users.length > 0 && all.size === known;
    if (isRepeated) break;
  }
  return { users: [...all.values()], isWhole: false };
}

/**
 * Finds a user by id, e-mail address, full name, "me", or one word of the name. Fails unless exactly one user fits; if
 * several do, users who left are ignored. If some users cannot be read, an id that no other user has is taken as it is.
 */
export function personNamed(name: string, people: People, current: User | undefined): Person {
  const person = personIfAny(name, people, current);
  if (person) return person;
  const wanted = comparable(name);
  if (!people.isWhole && isId(wanted)) return { id: wanted, name: wanted, active: true };
  throw noPerson(name, people);
}

/** Like `personNamed`, but undefined if no user fits. */
export function personIfAny(
  name: string,
  { users }: People,
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
  throw badArguments(
    `"${name}" could be ${candidates.join(" or ")}: use the address or the id in angle brackets.`,
  );
}

/** The user in a text with a name and an id, as replies show it where two users share a name. */
function userShown(text: string, users: readonly User[]): User | undefined {
  const { name = "", id } = namedWithId(text) ?? {};
  const isIt = (user: User) => user.id === id && comparable(user.full_name) === comparable(name);
  return users.find(isIt);
}

function noPerson(name: string, { users, isWhole }: People): Failure {
  const names = users.map((user) => user.full_name);
  const hint = didYouMean(name, names) || ` Users: ${names.slice(0, candidatesNamed).join(", ")}.`;
  if (comparable(name) === "me")
    return badArguments(`Bigin does not say which user this connection works as: name one.${hint}`);
  return badArguments(
    isWhole
      ? `No user of this Bigin is called "${name}".${hint}`
      : `None of the users that could be read is called "${name}", but some users or their addresses could not be read. If it is one of these, give the user's id, which bigin_get_record shows in Owner.${hint}`,
  );
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
