import { areas } from '../suite/check.js';

export const help = `Holds a session store for express-session against the conformance suite of session-stores, and measures how fast it is.

Usage
  session-stores check <module> [options]
  session-stores check --histories <module> [options]
  session-stores bench <module>... [--against <module>]... [options]

<module> is a path (./my-store.js; .ts on a Node that runs TypeScript) or the name of a package. Its default export is
  a function that makes a store:     export default () => new MyStore();
  or a subject, which can say more:  export default { name, create(surroundings), close?(store), supports? };
Every check makes its own stores by it; surroundings.namespace (a prefix, a table) and surroundings.directory (an empty
folder) keep their sessions apart.

Options of check
  --area <area>     only the checks of this area; several: --area destroy,data or --area destroy --area data
                    ${areas.slice(0, 6).join(', ')},
                    ${areas.slice(6).join(', ')}
  --level <level>   only the checks of this level; several: --level required,promise
                    required: what express-session documents; promise: what session-stores promises beyond that
  --json [file]     the results as JSON, into a file or to the standard output (the report then goes to standard error)
  --junit <file>    the results as JUnit XML, into a file or, with -, to the standard output

Options of check --histories, which lets random clients of several stores and processes call the store at once, through a
network that fails if the subject has one, and looks for an order that explains what each session's clients were answered
  --seconds <count>  how long; 10 without it, and it ends at the first session that no order explains
  --seed <number>    what the clients do; by chance without it, and printed. When they do it the machine decides
  --json [file]      the verdict as JSON, into a file or to the standard output
  --svg <folder>     a picture of each violation, into this folder, which is made if there is none

Options of bench, which measures create, get, touch, update and destroy
  --against <module>    a store to compare with; several: --against a --against b
  --operations <names>  some of the operations: --operations get,update
  --in-flight <counts>  how many calls wait for their answers at any moment; 1,64 without it
  --sizes <bytes>       how large the sessions are; 500 without it
  --rounds <count>      how often everything is measured; 5 without it
  --milliseconds <ms>   how long a store is measured before it is another one's turn; 200 without it
  --application         a whole Express application on each store, too, with load from another process
  --json <file>, --markdown <file>, --svg <file>   the results, into a file or, with -, to the standard output

Options
  -h, --help        this text
  -v, --version     the version

Exit code
  0   no check failed that has to pass
  1   one did (of bench: a store failed under load): without --level, one of the level 'required'; with it, one of the levels that it names.
      So a store that is to keep the promises as well is checked with --level required,promise
      Of check --histories: a session was found whose answers no order explains
  3   of check --histories: undecided, because the search for an order was stopped; that is never taken for right
  2   the command was misused, or the module does not export a store that can be checked
  130 interrupted

Colours are used on a terminal only, and not if NO_COLOR is set.
`;
