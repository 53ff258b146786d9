import { badArguments } from "../failure.ts";
import { nearest } from "../nearest.ts";
import type { User } from "./users.ts";

const candidatesNamed = 5;

export interface Person {
  id: string;
  name: string;
  /** False: Bigin gives records to nobody who left. */
  active: boolean;
}

/** The user meant by an id, an e-mail address, a full name, a part of one that fits nobody else, or "me". */
export function personNamed(
  name: string,
  users: readonly User[],
  current: User | undefined,
): Person {
  const wanted = name.trim().toLowerCase();
  if (wanted === "me" && current) return shown(current);
  const exact = users.filter((user) =>
    [user.id, user.email, user.full_name].some((one) => one?.toLowerCase() === wanted),
  );
  const found =
    exact.length > 0
      ? exact
      : users.filter((user) => user.full_name.toLowerCase().split(/\s+/).includes(wanted));
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

function shown(user: User): Person {
  return { id: user.id, name: user.full_name, active: (user.status ?? "active") === "active" };
}
