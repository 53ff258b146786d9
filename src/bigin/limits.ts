/**
 * Limits of what is sent to Bigin and of the work done for one call. A limit of Bigin cites its section of
 * docs/reference/bigin-api.md; a limit of ours gives its reason.
 */

// Limits of Bigin.

/** Records, search hits or users on a page (docs/reference/bigin-api.md §1.2, §1.9, §1.13). */
export const recordsPerPage = 200;
/** Records that can be read by page number; later pages need a token (docs/reference/bigin-api.md §1.2). */
export const recordsByPageNumber = 2_000;
/** Field names in the `fields` of one request (docs/reference/bigin-api.md §1.2). */
export const fieldsPerRequest = 50;
/** Ids in the `ids` of one request (docs/reference/bigin-api.md §1.2). */
export const idsPerRequest = 100;
/** Rows in one insert, update or upsert, and ids in one delete (docs/reference/bigin-api.md §1.4 and §1.7). */
export const rowsPerRequest = 100;
/** Hits of one search, over all its pages (docs/reference/bigin-api.md §3). */
export const hitsPerSearch = 2_000;
/** Conditions in one criteria string (docs/reference/bigin-api.md §3). */
export const conditionsPerSearch = 10;
/** Digits of an id (docs/reference/bigin-api.md §0). */
export const idDigits = { least: 15, most: 19 };
/** Characters in the longest single-line field (docs/reference/bigin-api.md §2.4). */
export const lineCharacters = 255;

// Limits of ours for reading.

/**
 * Records read from a list for one search or summary: 50 requests of 200, which take about five seconds at ten requests
 * a second. A page_token continues with the next ones. Bigin's own search returns no more than `hitsPerSearch`.
 */
export const recordsPerSearch = 10_000;
/**
 * Milliseconds after which a search stops reading: less than the 50 s of a call, so that a partial result can still be
 * returned.
 */
export const searchMs = 35_000;
/** Milliseconds for a side request, such as one for the time zone: the main request needs the rest of the call. */
export const sideRequestMs = 8_000;
/** Milliseconds for which the result of a search is kept for its next page. */
export const resultMs = 60_000;
/** Results of searches kept for each account: each can hold `recordsPerSearch` records, a few megabytes. */
export const resultsKept = 5;
/** A result is kept only if it has more records than this, because a smaller one has no next page. */
export const leastResultKept = 10;
/** Pages of users to read: 5,000 users, more than any organisation on Bigin has. */
export const userPages = 25;
/** Pages of the most recently modified records to read, to find those that were written within the last minute. */
export const recentPages = 10;
/** Pages of the newest records to read, to find the result of a lost insert. */
export const lostInsertPages = 5;
/**
 * Up to this many records are read one by one. More are read in lists of ids; where these do not work, a write proceeds
 * without the old values.
 */
export const recordsOneByOne = 10;
/** Contacts of a company that are read and kept before it is deleted, so that an undo can create them again. */
export const contactsKept = 500;
/** Companies whose contacts are read company by company; for more, the list of all contacts is read. */
export const companiesReadByList = 10;
/** Companies whose contacts are read company by company if that list is too long: 100 requests. */
export const companiesReadOneByOne = 50;
/** Pages of that list: 10,000 contacts. */
export const linkedScanPages = 50;
/** Milliseconds by which Bigin's clock and ours may differ. */
export const clockSkewMs = 60_000;

// Limits of ours for what a caller sends.

/** Maximum number of users on a page. */
export const usersPerCall = 100;
/** Default number of records or users on a page. */
export const recordsPerPageByDefault = 50;
/**
 * Rows or ids in one write: five requests of 100 fit into the 50 s of a call. `bodyParts` and `bodyBytes` in
 * src/transports/limits.ts must allow a body with this many rows.
 */
export const rowsPerCall = 500;
/** Filters in one search. */
export const filtersPerCall = 25;
/** Values in one filter. Each is resolved separately and may need a look-up. */
export const valuesPerFilter = 500;
/** Characters, conditions and nested parentheses in a criteria string: more than a person writes. */
export const criteriaCharacters = 20_000;
export const criteriaConditions = 50;
export const criteriaDepth = 20;
/** Characters in a name that is looked up: no field that names a record is longer. */
export const nameCharacters = 300;
/** Rows of a write that are checked at the same time. Names in these rows are looked up together. */
export const rowsCheckedAtOnce = 100;
/** Problems in a row, and in a write, after which checking stops, because explaining each problem takes time. */
export const problemsPerRow = 50;
export const problemsPerWrite = 1_000;

// Limits of ours for error messages.

/** Candidates listed for an ambiguous name. */
export const candidatesNamed = 5;
/** Fields or options listed for an unknown name. */
export const namesListed = 12;
