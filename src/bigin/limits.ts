/**
 * Numbers that bound what is sent to Bigin and what is done for one call. A limit of Bigin names the section of
 * docs/reference/bigin-api.md that has its source; a limit of ours says why it is what it is.
 */

// Limits of Bigin.

/** Records, hits or users on a page: the maximum (docs/reference/bigin-api.md §1.2, §1.9, §1.13). */
export const recordsPerPage = 200;
/** Records that can be reached by page number; further pages need a token (docs/reference/bigin-api.md §1.2). */
export const recordsByPageNumber = 2_000;
/** Field names in the `fields` of one request (docs/reference/bigin-api.md §1.2). */
export const fieldsPerRequest = 50;
/** Ids in the `ids` of one request (docs/reference/bigin-api.md §1.2). */
export const idsPerRequest = 100;
/** Rows in one insert, update or upsert, and ids in one delete (docs/reference/bigin-api.md §1.4 and §1.7). */
export const rowsPerRequest = 100;
/** Hits that a search gives at most (docs/reference/bigin-api.md §3). */
export const hitsPerSearch = 2_000;
/** Conditions in one criteria string (docs/reference/bigin-api.md §3). */
export const conditionsPerSearch = 10;
/** Digits of an id (docs/reference/bigin-api.md §0). */
export const idDigits = { least: 15, most: 19 };
/** Characters of the longest field that holds a single line (docs/reference/bigin-api.md §2.4). */
export const lineCharacters = 255;

// Limits of ours for reading.

/**
 * Records read for one search, from which its pages are cut: about a second at ten requests a second. Bigin's own search
 * gives no more than `hitsPerSearch`.
 */
export const recordsPerSearch = 2_000;
/** Milliseconds in which a search must end: less than the 50 s of a call, so that a part can still be returned. */
export const searchMs = 35_000;
/** Milliseconds for which the result of a search is kept for its next page. */
export const resultMs = 60_000;
/** Results of searches kept for each account: each can hold `recordsPerSearch` records. */
export const resultsKept = 5;
/** Records from which on a result is kept: a smaller one has no next page. */
export const leastResultKept = 10;
/** Pages of users: 5,000 users, more than any organisation on Bigin has. */
export const userPages = 25;
/** Pages of the latest records in which records written a moment ago are looked for. */
export const recentPages = 10;
/** Pages of new records in which the result of a lost insert is looked for. */
export const lostInsertPages = 5;
/** Records read one by one where lists of ids do not work: above this a write does without their old values. */
export const recordsOneByOne = 10;
/** Milliseconds by which Bigin's clock and ours may differ. */
export const clockSkewMs = 60_000;

// Limits of ours for what a caller sends.

/** Users on a page at most. */
export const usersPerCall = 100;
/** Records or users on a page if the caller does not say. */
export const recordsPerPageByDefault = 50;
/**
 * Rows or ids of one write: five requests of 100 fit into the 50 s of a call. Over HTTP, `bodyParts` and `bodyBytes` of
 * src/transports/limits.ts must have room for as many rows.
 */
export const rowsPerCall = 500;
/** Filters of one search. */
export const filtersPerCall = 25;
/** Values in one filter. Each is understood by itself and may need a look-up. */
export const valuesPerFilter = 500;
/** Characters, conditions and nested parentheses of a criteria string: more than a person writes. */
export const criteriaCharacters = 20_000;
export const criteriaConditions = 50;
export const criteriaDepth = 20;
/** Characters of a name that is looked up: no field that names a record is longer. */
export const nameCharacters = 300;
/** Rows of a write that are checked at the same time, so that the names in them are looked up together. */
export const rowsCheckedAtOnce = 100;
/** Problems of a row and of a write after which checking stops: explaining each takes time. */
export const problemsPerRow = 50;
export const problemsPerWrite = 1_000;

// Limits of ours for error messages.

/** Candidates named where a name has several meanings. */
export const candidatesNamed = 5;
/** Fields, or options of a field, listed where a name is not one of them. */
export const namesListed = 12;
