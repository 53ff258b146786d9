import type { Sandbox, SandboxOptions } from "../../src/sandbox/app.ts";
import { linkField, moduleAbout } from "../support/contract.ts";

/** The true answers to the eight questions from the sandbox's store, in the order of the questions. */
export function truthOf({ store }: Sandbox, options: SandboxOptions, company: string): string[][] {
  const records = (module: string) => [...store.records(module).values()];
  const deals = records("Pipelines");
  const name = (value: unknown) => (value as { name?: string } | null)?.name;
  const date = (time: number) =>
    new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(time);
  const now = Date.now();
  const today = date(now);
  const stage = (value: unknown) => {
    const shown: Record<string, string> = {
      "Closed Won": "Won",
      "Closed Lost": "Lost",
      Qualification: "Qualifying",
    };
    return options.renamed ? (shown[String(value)] ?? String(value)) : String(value);
  };
  const closed = [
    "Closed Won",
    "Closed Lost",
    "Renewed",
    "Churned",
    "Onboarded",
    "Cancelled",
    "Handed Over",
  ];
  const won = ["Closed Won", "Renewed", "Onboarded", "Handed Over"];
  const open = deals.filter((deal) => !closed.includes(String(deal["Stage"])));
  const counted = (keys: readonly unknown[]) => {
    const counts = new Map<unknown, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return [...counts].map(([key, count]) => `${key}: ${count}`).toSorted();
  };
  const stages = [...new Set(deals.map((deal) => deal["Stage"]))];
  const [largest] = open
    .filter((deal) => name(deal["Account_Name"]) === company)
    .toSorted((a, b) => Number(b["Amount"] ?? -1) - Number(a["Amount"] ?? -1));
  const busy = new Set(open.map((deal) => name(deal["Account_Name"])));
  const recently = (value: unknown) => {
    const day = date(Date.parse(String(value)));
    return day <= today && day > date(now - 30 * 86_400_000);
  };
  const about = (key: string, time: string, title: string) => (record: Record<string, unknown>) =>
    name(record[key]) === company && moduleAbout(record) === "Accounts" && recently(record[time])
      ? [String(record[title])]
      : [];
  return [
    counted(
      deals
        .filter((deal) => String(deal["Closing_Date"]).startsWith(today.slice(0, 7)))
        .map((deal) => name(deal["Owner"])),
    ),
    largest
      ? [[largest["Deal_Name"], largest["Amount"], name(largest["Contact_Name"]) ?? ""].join(", ")]
      : [],
    records("Contacts")
      .filter((contact) => !contact["Email"])
      .map((contact) => String(contact["Full_Name"]))
      .toSorted(),
    stages
      .map((one) => {
        const group = deals.filter((deal) => deal["Stage"] === one);
        const worth = group.reduce((sum, deal) => sum + Number(deal["Amount"] ?? 0), 0);
        return `${stage(one)}: ${group.length}: ${worth}`;
      })
      .toSorted(),
    counted(
      records("Tasks")
        .filter(
          (task) =>
            task["Due_Date"] && String(task["Due_Date"]) < today && task["Status"] !== "Completed",
        )
        .map((task) => name(task["Owner"])),
    ),
    records("Accounts")
      .map((one) => String(one["Account_Name"]))
      .filter((one) => !busy.has(one))
      .toSorted(),
    [
      ...records("Notes").flatMap(about("Parent_Id", "Created_Time", "Note_Content")),
      ...records("Calls").flatMap(about(linkField, "Call_Start_Time", "Subject")),
      ...records("Events").flatMap(about(linkField, "Start_DateTime", "Event_Title")),
    ].toSorted(),
    [
      ...new Set(
        deals
          .filter((deal) => won.includes(String(deal["Stage"])))
          .flatMap(
            (deal) => (deal["Associated_Products"] as { Product: { name: string } }[] | null) ?? [],
          )
          .map(({ Product }) => Product.name),
      ),
    ].toSorted(),
  ];
}
