/*
** commands.c - the table of commands and options: the master copy.
*/
#include "cli/cli.h"

#define WHERE "data tenant json"
#define FILTER " run category control stage source week state assignee search pattern"
#define PLACE " location lot reference reason"
#define DIALECT " encoding delimiter quote escape header skip decimal date-order"

const struct option_spec options[] = {
  { "data", "DIR", "the data folder (./outpost-data when nothing else is said)" },
  { "tenant", "SLUG", "whose file (may be left out when there is one tenant)" },
  { "json", NULL, "answer as JSON" },
  { "csv", NULL, "answer as CSV" },
  { "name", "NAME", "a name for people; of a server: a host name or address of its own, may be repeated" },
  { "as", "DATASET", "what the rows are, such as sales" },
  { "map", "FIELD=HEADING",
    "take a field from the column of this heading (or #3, the third); may be repeated" },
  { "unique", "A,B", "fields or headings that together tell rows apart" },
  { "existing", "reject|update",
    "what becomes of a row whose key is there: an exception, or its newer version" },
  { "dry-run", NULL, "do everything, then take it back" },
  { "force", NULL, "although headquarters holds what is taken back, and gives it back" },
  { "rejudge", NULL, "judge again all that was imported and counts" },
  { "strict", NULL, "exit with 3 when there were exceptions" },
  { "run", "ID", "of this run only: an id, its beginning, or latest" },
  { "category", "C", "of this category only" },
  { "control", "NAME", "that failed this control only" },
  { "stage", "S", "that failed in this stage only: schema, business, quality or duplicates" },
  { "source", "FILE", "of files of this name only" },
  { "week", "YYYY-Www", "of runs of this week only, such as 2020-W53" },
  { "state", "S",
    "of exceptions open, corrected, accepted, attempt (a correction that failed) or all; of jobs waiting, "
    "running, done, dead or cancelled" },
  { "assignee", "WHO", "given to this person only; - for nobody" },
  { "search", "TEXT", "that hold this text only; of records: all of its words" },
  { "filter", "COMPARISON", "such as 'price>=10', 'name~*tea*'; = != < <= > >= ~; may be repeated" },
  { "sort", "A,-B", "by these properties, - downwards" },
  { "pattern", "P", "with exactly this wrong value: a number that --summary gives" },
  { "summary", NULL, "how many, by everything they can be told apart by, and what comes again and again" },
  { "reason", "TEXT", "why" },
  { "role", "ROLE", "what it may do: a role such as admin, planner, sales, operator, inspector, auditor" },
  { "password", "P", "the password; others can see it in the list of processes, so it is for trials" },
  { "demo", NULL, "for a look around: makes a tenant, an account and a year of invoices; loopback only" },
  { "link", NULL, "no password, but a link by which its owner sets one" },
  { "days", "N", "for so many days" },
  { "limit", "N", "at most so many" },
  { "file", NULL, "the original columns with the reasons in front, to be repaired and imported again" },
  { "rows", "N", "how many rows" },
  { "seed", "S", "the same seed gives the same file" },
  { "stores", "N", "how many stores" },
  { "products", "N", "how many products" },
  { "invoices", "N", "how many invoices" },
  { "poison", "N", "so many rows besides that no import should take" },
  { "truth", "FILE", "write there what is hidden in it, as JSON" },
  { "format-errors", "PERCENT", "plant so many malformed values as well" },
  { "ledger", "FILE", "write there which lines have which defect" },
  { "encoding", "E", "text encoding, such as UTF-8, UTF-16LE, WINDOWS-1252, SHIFT_JIS" },
  { "delimiter", "S", "what separates cells: a character or several, or tab" },
  { "quote", "C", "what quotes cells: a character, or none" },
  { "escape", "C", "what escapes a quote inside a cell: a character, or none" },
  { "header", "yes|no", "whether the first row of the table holds headings" },
  { "skip", "N", "records before the table" },
  { "decimal", "C", "the decimal sign: . or ," },
  { "date-order", "dmy|mdy|ymd", "the order of day, month and year" },
  { "out", "FILE", "write it there" },
  { "with-rows", NULL, "every clean row and every exception, too" },
  { "with-log", NULL, "every entry of the change log since the run began, also those that speak of others" },
  { "warehouse", "CODE", "of this warehouse only" },
  { "sku", "CODE", "of this item only" },
  { "key", NULL, "only the public key and its fingerprint" },
  { "from", "DAY", "from this day on" },
  { "until", "DAY", "up to and with this day" },
  { "once", NULL, "until nothing is left to do" },
  { "dsn", "DSN",
    "headquarters' database, as libpq has it: postgresql://admin@host/db?sslmode=verify-full, or words; the "
    "password better stands in PGPASSWORD or ~/.pgpass" },
  { "organization", "SLUG",
    "a device of this organization at headquarters, which others of its devices made" },
  { "edge", "EDGE", "an edge: its id, role or name" },
  { "to", "N|WHO|DAY", "the schema to go to, who gets it, or the last day" },
  { "at", "TIME", "what it was at this time: 2024-02-29T10:15, UTC" },
  { "as-of", "TIME", "as it was at this time: 2024-02-29 or 2024-02-29T12:00:00Z" },
  { "deleted", NULL, "those that were deleted, too" },
  { "queue", "Q", "of this queue only, or into this queue" },
  { "kind", "K", "of this kind" },
  { "priority", "N", "what has a higher one goes first; 0 when not given" },
  { "delay", "SECONDS", "not before so many seconds have passed" },
  { "unique-key", "KEY", "no second job of this kind and key while one waits or runs" },
  { "until-idle", NULL, "end when nothing is ready any more" },
  { "workers", "N", "how many jobs are worked on at the same time; 4 when not given" },
  { "rate", "N",
    "requests a minute that a token or an address may send; 100 when not given, 0 for no limit" },
  { "rate-exempt", "ADDRESSES", "addresses without that limit, such as 127.0.0.1,10.0.0.7" },
  { "allow-origin", "ORIGINS",
    "whose pages may use the API: https://shop.example, or SLUG=https://shop.example for one tenant; may be "
    "repeated" },
  { "connections", "N", "connections that are open at the same time; 4096 when not given" },
  { "connections-per-address", "N",
    "connections of one address; 256 when not given, and from this machine as many as in all" },
  { "slow-query", "MS",
    "note statements that take longer than so many milliseconds; 250 when not given, 0 for none" },
  { "listen", "ADDRESS", "address and port, 127.0.0.1:8080 when not given (8443 with https)" },
  { "tls", NULL, "speak https, with a certificate that is made for this machine" },
  { "public", NULL,
    "let other machines in: https on all addresses, 0.0.0.0:8443 when --listen is not given" },
  { "cert", "FILE", "show this certificate (PEM, with its chain) instead of one of our own" },
  { "cert-key", "FILE", "the private key of --cert, if it is in another file" },
  { "if-due", NULL, "only if it is about to end or lacks a name" },
  { "authority", NULL, "a new authority, too; every device has to trust it anew" },
  { "www", "DIR", "serve the page's files from there instead of from the binary" },
  { "group", "NAME", "for this consumer group" },
  { "follow", NULL, "go on when there is more" },
  { "now", NULL, "also what is not old yet" },
  { "server", "NAME", "by this mail server" },
  { "generate", NULL, "make one, and print it" },
  { "libs", NULL, "the versions of all libraries" },
  { "man", NULL, "as a man page" },
  { "completion", "SHELL", "completion for bash or zsh" },
  { "location", "CODE", "the place in the warehouse" },
  { "lot", "NUMBER", "the lot" },
  { "serial", "NUMBER", "the piece with this serial number" },
  { "reference", "TEXT", "what it belongs to, such as ORDER-12345" },
  { "full", NULL, "from the beginning" },
  { "allow-negative", NULL, "even if it leads below zero" },
  { "zone", "NAME", "the time zone whose wall clock is meant, such as Europe/Berlin" },
  { "detach", NULL, "order it, and do not wait for its end" },
  { "payload", "JSON", "an object that every task is given" },
  { "notify", "URL", "a webhook's name, or an address, that is told when the run has ended" },
  { NULL, NULL, NULL },
};

/* The order is that of the help; a group goes on until the next begins. */
const struct command_group command_groups[] = {
  { "Setting up", "init" },
  { "Files into rows", "peek" },
  { "What was rejected", "exceptions" },
  { "Figures and tables", "why" },
  { "Rules and proof", "rules" },
  { "Records: whatever is kept one by one", "record entities" },
  { "Stock", "stock levels" },
  { "Work that runs itself", "jobs list" },
  { "Events", "events topics" },
  { "Alerts, mail and webhooks", "alerts list" },
  { "Copies and the archive", "backup create" },
  { "Who may come in", "user add" },
  { "Headquarters", "upstream init" },
  { "The program itself", "doctor" },
  { NULL, NULL },
};

const struct command commands[] = {
  { "init", "DIR", "json", "make a data folder", "  outpost init ./outpost-data", cmd_init },
  { "tenant add", "SLUG", "data name json", "add a tenant: one file of its own",
    "  outpost tenant add acme --name \"Acme Foods\"", cmd_tenant_add },
  { "tenant list", "", "data json", "list the tenants", "  outpost tenant list --json", cmd_tenant_list },
  { "serve", "",
    "data listen tls public name cert cert-key www workers demo rate rate-exempt allow-origin slow-query"
    " connections connections-per-address",
    "serve the page and the API",
    "  outpost serve --listen 127.0.0.1:8080         for this machine alone\n"
    "  outpost serve --public                        for others too, by https; makes its certificate itself\n"
    "  outpost serve --public --name shop.example.com --cert fullchain.pem --cert-key privkey.pem\n"
    "  outpost serve --demo --data ./demo            prints whom to log in as",
    cmd_serve },
  { "peek", "FILE", "json csv" DIALECT, "show what the reader makes of a file",
    "  outpost peek orders.csv\n  outpost peek orders.csv --csv > clean.csv", cmd_peek },
  { "import", "FILE", WHERE " as map unique existing dry-run strict" DIALECT,
    "bring a file through the pipeline",
    "  outpost import orders.csv --as sales\n"
    "  outpost import orders.csv --as sales --map revenue=\"Net amount\" --unique \"Order No.,Position\"\n"
    "  outpost generate sales --rows 5000 --seed 1 | outpost import - --as sales --json\n\n"
    "  FILE is CSV, JSON lines or a JSON array, also gzipped; - is standard input. What is not\n"
    "  said about its format is detected. The whole file is stored, or nothing of it.",
    cmd_import },
  { "runs", "", WHERE " csv limit", "list the runs, newest first", "  outpost runs --limit 10", cmd_runs },
  { "run show", "[RUN]", WHERE, "report on one run (the latest when none is named)",
    "  outpost run show\n  outpost run show 01a1fcd8 --json", cmd_run_show },
  { "undo", "RUN", WHERE " dry-run", "take an import back: its rows go, what they replaced comes back",
    "  outpost undo latest --dry-run     tell what would happen, and do nothing\n"
    "  outpost undo latest\n\n"
    "  Rows that people or later imports changed since stay and are named, and so do rows that a note\n"
    "  speaks of. The original bytes stay in any case; `outpost redo` brings everything back.",
    cmd_undo },
  { "redo", "RUN", WHERE " dry-run", "bring back an import that was undone", "  outpost redo 01a1fcd8",
    cmd_redo },
  { "edit", "KEY FIELD=VALUE...", WHERE " as", "change a clean row; a run of its own, which can be undone",
    "  outpost edit ORD-000017 quantity=5 --as sales", cmd_edit },
  { "generate sales", "", "rows seed format-errors ledger", "write a sales file with known defects",
    "  outpost generate sales --rows 5000 --seed 1 --ledger defects.csv > sales.csv", cmd_generate_sales },
  { "generate invoices", "", "stores products invoices seed poison until ledger truth",
    "write a year of invoices whose figures are known",
    "  outpost generate invoices --stores 211 --products 424 --invoices 14464 --seed 1 > invoices.csv\n\n"
    "  Whatever the seed: so many stores and products, 14,464 rows with 14,539 lines, and a revenue of\n"
    "  42,478,344.40, in proportion for other numbers. --truth tells what is hidden in them.",
    cmd_generate_invoices },
  { "exceptions", "", WHERE FILTER " summary limit csv file", "list rejected records with their reasons",
    "  outpost exceptions --summary\n"
    "  outpost exceptions --control region_known --state open --week 2024-W09\n"
    "  outpost exceptions --run latest --file > repair.csv      repair it in a spreadsheet, then:\n"
    "  outpost import repair.csv --as sales\n\n"
    "  Exceptions of runs that were undone are not among them.",
    cmd_exceptions },
  { "exception show", "ID", WHERE, "one rejected record: its cells, what is wrong, what became of it",
    "  outpost exception show 4294967354", cmd_exception_show },
  { "exception fix", "[ID...] [FIELD=VALUE...]", WHERE FILTER,
    "correct rejected records in place: one, several, or all that fit a filter",
    "  outpost exception fix 4294967354 order_date=2024-03-05\n"
    "  outpost exception fix --pattern 7d0e3a5b9c2f4811 region=North\n\n"
    "  What is still wrong by the rules stays as it is, and is told.",
    cmd_exception_fix },
  { "exception accept", "[ID...]", WHERE FILTER " reason",
    "decide that records may stay out, and say why; needs --reason",
    "  outpost exception accept 4294967354 4294967355 --reason \"test orders\"\n"
    "  outpost exception accept --source old.csv --category DATA_QUALITY_ISSUE --reason \"known duplicates\"",
    cmd_exception_accept },
  { "exception reopen", "[ID...]", WHERE FILTER, "take back that records were accepted",
    "  outpost exception reopen 4294967354", cmd_exception_reopen },
  { "exception assign", "[ID...]", WHERE FILTER " to", "give records to somebody; --to - to nobody",
    "  outpost exception assign --control region_known --to mo", cmd_exception_assign },
  { "why", "FIGURE|ROW|RUN:LINE", WHERE " limit",
    "explain a figure, a row or a line; exit 1 when its tick is red",
    "  outpost why 'sales/revenue?region=North&from=2024-01-01&to=2024-01-31&run=latest'\n"
    "  outpost why sales:A-1001                     the row of this key, back to its bytes\n"
    "  outpost why latest:17                        line 17 of the file of that run, forward\n\n"
    "  Figures: the sums (orders, quantity, revenue), average, and of whole runs read, clean, rejected\n"
    "  (with category= or control=), corrected, quality. A tick compares two computations that share\n"
    "  nothing; that of a row reads its original bytes again.",
    cmd_why },
  { "impact", "rule=NAME|column=FIELD|list=NAME|file=RUN", WHERE, "tell what depends on something",
    "  outpost impact rule=region_known\n  outpost impact file=latest", cmd_impact },
  { "export", "TABLE", WHERE " csv run", "write a table: CSV, or a JSON array with --json",
    "  outpost export clean_sales --csv > clean.csv\n\n"
    "  Tables: analytics_summary, audit_log, clean_sales, controls_effectiveness, exceptions, raw_sales,\n"
    "  runs, validation_results, validation_summary",
    cmd_export },
  { "metrics list", "TYPE", WHERE " from until", "list the metrics of a kind, day by day",
    "  outpost metrics list revenue --from 2024-01-01 --until 2024-01-31", cmd_metrics_list },
  { "metrics import", "FILE", WHERE " strict", "take metrics from a file",
    "  outpost metrics import revenue.csv\n\n"
    "  FILE has the headings metric_type, metric_value, metric_date and, if it likes, category; or it\n"
    "  is JSON; - is standard input. There is one metric of a kind for a day: a later one changes it.",
    cmd_metrics_import },
  { "rules", "", WHERE " as", "list the rules that judge rows, with their versions and parameters",
    "  outpost rules\n\n"
    "  To change a rule: `outpost rules try` shows what the change would do to what was imported,\n"
    "  `outpost rules promote` makes it hold.",
    cmd_rules },
  { "rules try", "JSON", WHERE " as run",
    "show what changed rules would reject and release, changing nothing",
    "  outpost rules try '{\"rules\":[{\"id\":\"...\",\"params\":{\"min\":\"1\"}}]}'\n"
    "  outpost rules try '{\"items\":[{\"list\":\"regions\",\"value\":\"Islands\"}]}' --run latest\n\n"
    "  JSON is a text, a file that holds it, or - for standard input. With its id a rule is changed,\n"
    "  without one it is new; \"active\":false switches it off, \"deleted\":true deletes it or an item.\n"
    "  All runs that count are judged again from their original bytes, or only that of --run.",
    cmd_rules_try },
  { "rules promote", "JSON", WHERE " as rejudge", "make changed rules hold, all of them or none",
    "  outpost rules promote changes.json\n  outpost rules promote changes.json --rejudge\n\n"
    "  What was imported keeps the rules that judged it. With --rejudge every run that counts is judged\n"
    "  again from its original bytes: a new run takes its place, and can be undone like any other.",
    cmd_rules_promote },
  { "governance", "", WHERE " as from until",
    "report on the controls: what each judged, what it caught, who changed it",
    "  outpost governance --from 2024-01-01 --until 2024-03-31", cmd_governance },
  { "catalogue", "", WHERE, "list everything that holds data: columns, owners, origins, freshness",
    "  outpost catalogue --json", cmd_catalogue },
  { "verify", "", WHERE, "prove that nothing is lost or changed; exit 1 names what differs",
    "  outpost verify && echo sound", cmd_verify },
  { "rebuild", "", WHERE, "derive all rows, exceptions and totals again from the original bytes, and compare",
    "  outpost rebuild\n\n  What differed is corrected, and told.", cmd_rebuild },
  { "prove", "[RUN]", WHERE " with-rows with-log key out",
    "write a run (the latest when none is named) as a signed document that proves itself",
    "  outpost prove --with-rows --out proof.jsonl\n"
    "  outpost prove --key > outpost.pem\n\n"
    "  Whoever gets it needs no access to this machine: `node verify.mjs proof.jsonl orders.csv\n"
    "  --fingerprint F` checks the signature, the hash chain, the rules, and every figure.",
    cmd_prove },
  { "record entities", "", "json", "tell what records there are, and of what each consists",
    "  outpost record entities --json", cmd_record_entities },
  { "record list", "ENTITY", WHERE " deleted as-of search filter sort limit",
    "list the records of an entity, such as rule or reference_item",
    "  outpost record list rule\n  outpost record list reference_item --as-of 2024-01-31\n"
    "  outpost record list rule --filter stage=business --filter 'position<100' --sort -position",
    cmd_record_list },
  { "record save", "ENTITY JSON", WHERE, "add a record, or change the one whose id is given",
    "  outpost record save reference_item '{\"list\":\"regions\",\"value\":\"North-East\"}'\n"
    "  outpost record save rule '{\"id\":\"...\",\"params\":{\"min\":\"1\"}}'",
    cmd_record_save },
  { "record import", "ENTITY FILE", WHERE " map dry-run",
    "add the rows of a table, or change the records that they name",
    "  outpost record import store stores.csv --dry-run\n  outpost record import stock_item items.csv --map "
    "unit_cost=\"Net price\"\n\n"
    "  Headings are names of properties; a row is the record that has its id or its unique key, else a new\n"
    "  one. An empty cell leaves things as they are. All of the file is stored, or nothing of it.",
    cmd_record_import },
  { "record delete", "ENTITY ID", WHERE, "delete a record; it can be restored",
    "  outpost record delete reference_item 0190f3a2-...\n"
    "  outpost record delete store CUST-0003         by its unique key instead of its id",
    cmd_record_delete },
  { "record restore", "ENTITY ID", WHERE, "bring a deleted record back",
    "  outpost record restore reference_item 0190f3a2-...\n"
    "  outpost record restore store CUST-0003        by its unique key instead of its id",
    cmd_record_restore },
  { "record history", "ENTITY ID", WHERE, "every change of a record: when, who, before, after",
    "  outpost record history rule 0190f3a2-...\n"
    "  outpost record history store CUST-0003        by its unique key instead of its id",
    cmd_record_history },
  { "stock levels", "", WHERE " sku warehouse", "list what there is: on hand, reserved, available",
    "  outpost stock levels --sku LAPTOP-001", cmd_stock_levels },
  { "stock history", "[SKU]", WHERE " warehouse from until limit",
    "list movements of an item or of a warehouse, newest first",
    "  outpost stock history LAPTOP-001\n  outpost stock history --warehouse WAREHOUSE-001 --from 2024-01-01",
    cmd_stock_history },
  { "stock import", "FILE", WHERE " warehouse kind strict",
    "bring movements, or what there is at the beginning, from a file",
    "  outpost stock import opening.csv --warehouse WAREHOUSE-001\n\n"
    "  FILE is CSV, JSON lines or a JSON array, also gzipped; - is standard input. Columns are found by\n"
    "  their headings: sku, warehouse, quantity, type, date, reference, notes, location, lot, serial,\n"
    "  unit cost. The same file again changes nothing. Refused rows are told with their lines; with\n"
    "  --strict the exit code is 3 then.",
    cmd_stock_import },
  { "stock adjust", "SKU WAREHOUSE QUANTITY", WHERE PLACE " kind serial allow-negative",
    "book a change of stock: 5 adds five, -2 takes two",
    "  outpost stock adjust LAPTOP-001 WAREHOUSE-001 10 --kind RECEIPT --reference PO-17\n"
    "  outpost stock adjust LAPTOP-001 WAREHOUSE-001 -2 --reason \"found broken\"\n\n"
    "  What would lead below zero is refused. Nothing is ever taken out of the ledger again: book\n"
    "  what corrects it. --kind RESERVATION and RELEASE change what is reserved.",
    cmd_stock_adjust },
  { "stock count", "SKU WAREHOUSE QUANTITY", WHERE PLACE,
    "book what was counted: the difference goes into the ledger",
    "  outpost stock count LAPTOP-001 WAREHOUSE-001 8 --location A-01-03", cmd_stock_count },
  { "stock transfer", "SKU FROM TO QUANTITY", WHERE PLACE " serial allow-negative",
    "move stock from a warehouse to another",
    "  outpost stock transfer LAPTOP-001 WAREHOUSE-001 WAREHOUSE-002 3", cmd_stock_transfer },
  { "stock scan", "CODE", WHERE, "tell what a scanned code stands for",
    "  outpost stock scan '(01)09521234543213(10)AB-123'", cmd_stock_scan },
  { "stock metrics", "[SKU]", WHERE " warehouse as-of", "velocity, trend, turnover and days of cover",
    "  outpost stock metrics LAPTOP-001 --as-of 2024-02-29", cmd_stock_metrics },
  { "stock reorder", "[accept|dismiss] [ID]", WHERE " state limit reason",
    "list what should be ordered, and decide about it",
    "  outpost stock reorder\n  outpost stock reorder accept 0190f3a2-... --reason \"by phone\"\n\n"
    "  Accepting publishes a purchase order on reorder-events; what was accepted counts as on its way.\n"
    "  What was dismissed is proposed again only when the state of the stock changes.",
    cmd_stock_reorder },
  { "stock quality", "", WHERE, "make the quality checks, keep and tell what they find",
    "  outpost stock quality --json", cmd_stock_quality },
  { "stock snapshot", "[DAY]", WHERE " as-of",
    "what there was at the end of a day; without one, the days that were put down",
    "  outpost stock snapshot 2024-02-29\n"
    "  outpost stock snapshot 2024-02-29 --as-of 2024-03-05     as it was known at the end of that day",
    cmd_stock_snapshot },
  { "stock aggregate", "", WHERE " full",
    "add the ledger up by day, week and windows; what the hourly schedule does",
    "  outpost stock aggregate --full     from the first movement on: comes to the same",
    cmd_stock_aggregate },
  { "stock replay", "", WHERE,
    "derive the levels again from the ledger and compare; exit 1 naming the first difference",
    "  outpost stock replay", cmd_stock_replay },
  { "jobs list", "", WHERE " state queue kind limit", "list the jobs, newest first",
    "  outpost jobs list --state dead", cmd_jobs_list },
  { "jobs show", "ID", WHERE, "show one job: its payload, steps, attempts, result", "  outpost jobs show 12",
    cmd_jobs_show },
  { "jobs add", "KIND [JSON]", WHERE " queue priority delay unique-key", "order a job",
    "  outpost jobs add jobs_tidy\n\n"
    "  A server or `outpost jobs work` does it.",
    cmd_jobs_add },
  { "jobs retry", "ID", WHERE, "begin a dead or cancelled job again, or a waiting one at once",
    "  outpost jobs retry 12", cmd_jobs_retry },
  { "jobs edit", "ID JSON", WHERE, "give a job that does not run another payload",
    "  outpost jobs edit 12 '{\"file\":\"orders.csv\"}' && outpost jobs retry 12", cmd_jobs_edit },
  { "jobs cancel", "ID", WHERE, "end a waiting or running job", "  outpost jobs cancel 12", cmd_jobs_cancel },
  { "jobs replay-dead", "[ID]", WHERE " queue", "begin dead jobs again: one, those of a queue, or all",
    "  outpost jobs replay-dead --queue email-queue", cmd_jobs_replay_dead },
  { "jobs work", "", WHERE " until-idle", "work on jobs without a server, or beside one",
    "  outpost jobs work --until-idle\n\n"
    "  Ends with SIGTERM or Ctrl-C, after what is at work was done or given back.",
    cmd_jobs_work },
  { "schedule list", "", WHERE, "list the schedules: when, what, and what became of the last slot",
    "  outpost schedule list", cmd_schedule_list },
  { "schedule show", "NAME", WHERE " limit", "show one schedule and what became of its slots",
    "  outpost schedule show daily-backup --limit 20", cmd_schedule_show },
  { "schedule next", "NAME|CRON", WHERE " zone from until limit",
    "tell when a schedule or a cron expression is due",
    "  outpost schedule next daily-backup --limit 10\n"
    "  outpost schedule next \"30 2 * * mon-fri\" --zone Europe/Berlin --from 2025-03-28",
    cmd_schedule_next },
  { "schedule run", "NAME", WHERE, "start what a schedule starts, now", "  outpost schedule run daily-backup",
    cmd_schedule_run },
  { "schedule pause", "NAME", WHERE, "stop a schedule from starting anything",
    "  outpost schedule pause sync-hourly-connectors", cmd_schedule_pause },
  { "schedule resume", "NAME", WHERE, "let a paused schedule go on, from now",
    "  outpost schedule resume sync-hourly-connectors", cmd_schedule_resume },
  { "dag list", "", WHERE, "list the graphs of tasks, with their last runs", "  outpost dag list",
    cmd_dag_list },
  { "dag runs", "[GRAPH]", WHERE " limit", "list the runs of a graph, or of all, newest first",
    "  outpost dag runs inventory_etl --limit 10", cmd_dag_runs },
  { "dag run", "GRAPH", WHERE " detach payload notify",
    "run a graph and show how its tasks end; exit 1 when it fails",
    "  outpost dag run inventory_etl\n"
    "  outpost dag run sync_connectors --payload '{\"frequency\":\"daily\"}' --detach\n\n"
    "  Works with a server and without. With --detach it is only ordered: a server does it.",
    cmd_dag_run },
  { "dag backfill", "GRAPH", WHERE " from to", "run a graph for every slot of its schedule on past days",
    "  outpost dag backfill inventory_etl --from 2024-01-01 --to 2024-01-31\n\n"
    "  A server does the runs, or `outpost jobs work`. What reads on from a position leaves it where it is.",
    cmd_dag_backfill },
  { "dag status", "RUN", WHERE, "show a run: its number, latest, or a graph's name for its latest",
    "  outpost dag status latest", cmd_dag_status },
  { "dag retry", "RUN [TASK]", WHERE, "let a failed run go on where it failed",
    "  outpost dag retry 17\n  outpost dag retry 17 transform_and_load", cmd_dag_retry },
  { "dag clear", "RUN TASK", WHERE, "do a task of a run and all after it again",
    "  outpost dag clear 17 transform_and_load", cmd_dag_clear },
  { "dag cancel", "RUN", WHERE, "end a run", "  outpost dag cancel 17", cmd_dag_cancel },
  { "events topics", "", WHERE, "list the topics: how many events, how large", "  outpost events topics",
    cmd_events_topics },
  { "events publish", "TOPIC [FILE]", WHERE " strict",
    "publish events to a topic: JSON, one a line; - or no file is standard input",
    "  outpost events publish inventory-events movements.jsonl\n"
    "  tail -f feed.jsonl | outpost events publish inventory-events -\n\n"
    "  Tells how many were taken, known already (the same eventId), refused. What is refused is parked\n"
    "  with the reason and can be published again.",
    cmd_events_publish },
  { "events tail", "TOPIC", WHERE " group follow limit", "print the events of a topic, oldest first",
    "  outpost events tail inventory-events --json --follow\n"
    "  outpost events tail inventory-events --group warehouse-screen --limit 100\n\n"
    "  With --json a CloudEvent a line. With --group only what the group has not read yet; it is moved\n"
    "  behind what was printed. record-changes is the change log as a topic.",
    cmd_events_tail },
  { "events groups", "[TOPIC]", WHERE, "list the consumer groups: lag, waiting times, errors",
    "  outpost events groups inventory-events", cmd_events_groups },
  { "events lag", "[TOPIC]", WHERE, "how many events each group has not read yet",
    "  outpost events lag inventory-events", cmd_events_lag },
  { "events parked", "[TOPIC]", WHERE " group state limit", "list events that could not be taken, and why",
    "  outpost events parked --json\n  outpost events parked --state all", cmd_events_parked },
  { "events replay-parked", "[ID [JSON]]", WHERE, "publish parked events again: all, one, or one corrected",
    "  outpost events replay-parked\n  outpost events replay-parked 7 '{\"eventId\":\"...\",...}'",
    cmd_events_replay },
  { "events discard", "ID", WHERE " reason",
    "decide that a parked event is not needed, and say why; needs --reason",
    "  outpost events discard 7 --reason \"sent by a test device\"", cmd_events_discard },
  { "events work", "", WHERE " until-idle", "let the consumer groups read, without a server or beside one",
    "  outpost events work --until-idle", cmd_events_work },
  { "events keep", "", WHERE " now",
    "pack old events and let go what is past its retention; a server does it by itself",
    "  outpost events keep --now", cmd_events_keep },
  { "alerts list", "", WHERE " state kind limit", "list what people should know of",
    "  outpost alerts list\n  outpost alerts list --kind low_stock --state all\n\n"
    "  Without --state those that are not resolved; others are open, acknowledged, resolved and all.",
    cmd_alerts_list },
  { "alerts ack", "ID", WHERE " reason", "say that somebody looks at an alert",
    "  outpost alerts ack 0190f3a2-... --reason \"I call the supplier\"", cmd_alerts_ack },
  { "alerts resolve", "ID", WHERE " reason", "say that an alert is dealt with",
    "  outpost alerts resolve 0190f3a2-... --reason \"ordered\"\n\n"
    "  If its cause is still there at the next check, it comes again.",
    cmd_alerts_resolve },
  { "mail test", "ADDRESS", WHERE " server", "send a short mail at once, and show what the server says",
    "  outpost record save mail_server '{\"name\":\"main\",\"host\":\"mail.example.org\",\"login\":\"out\",\n"
    "    \"sender\":\"Outpost <out@example.org>\"}'\n"
    "  outpost mail set-password main\n"
    "  outpost mail test me@example.org",
    cmd_mail_test },
  { "mail set-password", "[SERVER]", WHERE,
    "read a mail server's password from the terminal or standard input",
    "  outpost mail set-password main\n\n"
    "  An empty line removes it. It is sealed with a key of this machine (DIR/keys/secrets.key).",
    cmd_mail_password },
  { "mail list", "", WHERE " state limit", "list the mails that went out or are to, newest first",
    "  outpost mail list --state dead", cmd_mail_list },
  { "webhook set-secret", "NAME", WHERE " generate", "read the secret that signs requests to a webhook",
    "  outpost record save webhook "
    "'{\"name\":\"erp\",\"url\":\"https://erp.example/hook\",\"events\":\"run.*, job.dead\"}'\n"
    "  outpost webhook set-secret erp --generate      makes one, and prints it this once\n"
    "  outpost jobs add webhook_send '{\"target\":\"erp\",\"type\":\"test\",\"data\":{}}'",
    cmd_webhook_secret },
  { "webhook list", "", WHERE " state limit", "list the requests that went out or are to, newest first",
    "  outpost webhook list --state dead", cmd_webhook_list },
  { "backup create", "", WHERE " out", "copy a tenant's file while it is in use",
    "  outpost backup create --out before-the-move.db", cmd_backup_create },
  { "backup run", "", WHERE, "make a copy, verify it and rotate older ones, as the daily job does",
    "  outpost backup run", cmd_backup_run },
  { "backup list", "", WHERE, "list the copies that were made by themselves", "  outpost backup list",
    cmd_backup_list },
  { "backup drill", "", WHERE, "restore the newest of them into a folder aside and compare it",
    "  outpost backup drill", cmd_backup_drill },
  { "backup verify", "FILE", "json", "check a backup: digest, integrity, hash chain",
    "  outpost backup verify ./outpost-data/backups/demo-2024-02-29T03-30-00-000000Z.db", cmd_backup_verify },
  { "backup restore", "[FILE]", WHERE " at force",
    "put a backup in the place of the tenant's file; the old one is kept",
    "  outpost backup restore ./outpost-data/backups/demo-2024-02-29T03-30-00-000000Z.db\n"
    "  outpost backup restore --at 2024-02-29T10:15\n\n"
    "  With --at the file becomes what it was at that time (UTC): of the file itself when it is sound, else "
    "of the\n"
    "  copy that reaches so far, or of FILE. What was sent stays sent: where headquarters holds what is "
    "taken\n"
    "  back, the next sync fetches it back, and --at needs --force. To take back what people did, use undo.",
    cmd_backup_restore },
  { "archive run", "", WHERE " dry-run", "move old rows into Parquet files, as the retention policies say",
    "  outpost record save retention_policy '{\"id\":\"...\",\"cold_days\":400,\"active\":true}'\n"
    "  outpost archive run --dry-run\n\n"
    "  Rows of whole months leave their table for DIR/archive/TENANT/TABLE/date=2024-01/warehouse=W/, and\n"
    "  are found there by every question. What a legal hold names stays.",
    cmd_archive_run },
  { "archive list", "", WHERE, "list the files of the archive", "  outpost archive list --json",
    cmd_archive_list },
  { "archive rows", "TABLE", WHERE " warehouse sku from until to summary",
    "print archived rows, a JSON object a line",
    "  outpost archive rows stock_transactions --warehouse MAIN --from 2024-01-01 --until 2024-01-31",
    cmd_archive_rows },
  { "archive export", "TABLE", WHERE " out run from until to",
    "write a table as a Parquet file, with its columns' types",
    "  outpost archive export clean_sales --out sales.parquet --from 2024-01-01 --until 2024-01-31\n\n"
    "  Tables: those of `outpost export`, and those whose rows are archived, with these.\n"
    "  Without --out the file is TABLE.parquet.",
    cmd_archive_export },
  { "archive hold", "add|list|release [TABLE|ID]", WHERE " warehouse sku from until to reason deleted",
    "keep rows and files from being moved or deleted, whatever a policy says",
    "  outpost archive hold add stock_transactions --warehouse MAIN --until 2024-12-31 --reason \"tax "
    "audit\"\n"
    "  outpost archive hold release 0190f3a2-...",
    cmd_archive_hold },
  { "user add", "EMAIL", WHERE " role name password link", "add an account that can log in",
    "  outpost user add me@example.org --role admin\n"
    "  outpost user add meera@example.org --role sales --name Meera --link\n\n"
    "  The password is asked for on the terminal, or read as a line from standard input. With --link the\n"
    "  account gets a link by which its owner sets one, within an hour. As soon as somebody has a password,\n"
    "  everybody has to log in; the first should be an admin.",
    cmd_user_add },
  { "user list", "", WHERE, "list the accounts", "  outpost user list", cmd_user_list },
  { "user passwd", "EMAIL", WHERE " password link", "set a new password; all sessions of the account end",
    "  outpost user passwd me@example.org\n  outpost user passwd meera@example.org --link", cmd_user_passwd },
  { "user role", "EMAIL ROLE", WHERE, "give an account another role, at once",
    "  outpost user role meera@example.org planner\n\n"
    "  `outpost record list role` shows the roles and what they may do; they are records like any other.",
    cmd_user_role },
  { "user disable", "EMAIL", WHERE, "keep somebody out: sessions end, logins are refused",
    "  outpost user disable meera@example.org", cmd_user_disable },
  { "user enable", "EMAIL", WHERE, "let somebody in again", "  outpost user enable meera@example.org",
    cmd_user_enable },
  { "user pin", "EMAIL", WHERE, "set a PIN for the shop floor, asked for on the terminal; empty removes it",
    "  outpost user pin meera@example.org", cmd_user_pin },
  { "user unlock", "EMAIL", WHERE, "forget failed logins, so that the next is not refused",
    "  outpost user unlock meera@example.org", cmd_user_unlock },
  { "token create", "NAME", WHERE " role days", "make a token for a machine, and print it this once",
    "  outpost token create scale-7 --role operator --days 365\n\n"
    "  The machine sends it as `Authorization: Bearer TOKEN`.",
    cmd_token_create },
  { "token list", "", WHERE, "list the tokens of machines", "  outpost token list", cmd_token_list },
  { "token revoke", "ID", WHERE, "revoke a token, at once and everywhere",
    "  outpost token revoke 0190f3a2-...", cmd_token_revoke },
  { "token rotate-key", "", "data json", "sign logins with a new key from now on",
    "  outpost token rotate-key\n\n"
    "  Logins that were signed with the last key stay good. Doing it twice ends all logins, of all tenants.",
    cmd_token_rotate_key },
  { "session list", "[EMAIL]", WHERE, "list who is logged in, and from where",
    "  outpost session list me@example.org", cmd_session_list },
  { "session revoke", "ID|EMAIL", WHERE, "end a session, or all of an account, at once and everywhere",
    "  outpost session revoke me@example.org", cmd_session_revoke },
  { "tls show", "", "data json name cert cert-key", "show the server's certificate, and who vouches for it",
    "  outpost tls show\n"
    "  outpost serve --public                        makes one at its first start, for this machine's names",
    cmd_tls_show },
  { "tls ca", "", "data out", "print the authority's certificate, which devices have to trust once",
    "  outpost tls ca --out authority.crt\n\n"
    "  The server has it under /ca.crt, too, and tells under #/trust what to do with it.",
    cmd_tls_ca },
  { "tls renew", "", "data name authority if-due json", "make the server's certificate anew",
    "  outpost tls renew\n"
    "  outpost tls renew --authority --name shop.example.com\n\n"
    "  A server renews it by itself before it ends, and when the machine has a new name or address.\n"
    "  A running server shows the new one within a minute.",
    cmd_tls_renew },
  { "tls import", "CERT [KEY]", "data json name", "show a certificate of another authority from now on",
    "  outpost tls import fullchain.pem privkey.pem\n\n"
    "  Both are checked and copied into the data folder. With serve --cert they stay where they are and\n"
    "  are read again when they change.",
    cmd_tls_import },
  { "tls forget", "", "data json name", "show the own authority's certificate again", "  outpost tls forget",
    cmd_tls_forget },
  { "upstream init", "", "dsn json", "make headquarters' database, or bring it up to date",
    "  outpost upstream init --dsn 'postgresql://admin@db.example.com/hq?sslmode=verify-full'\n\n"
    "  For who may create roles and schemas there. It may be called again and again, edges may be at work\n"
    "  meanwhile, and it says what it did. PostgreSQL 15 or newer.",
    cmd_upstream_init },
  { "upstream enroll", "", WHERE " dsn name organization", "let a tenant in at headquarters",
    "  outpost upstream enroll --dsn 'postgresql://admin@db.example.com/hq?sslmode=verify-full' --tenant "
    "acme\n\n"
    "  Makes a login role for this tenant on this device alone. Its password is random, is kept sealed in "
    "the\n"
    "  tenant's file and shown to nobody. The first device of an organization brings its short name along; "
    "the\n"
    "  others name it: --organization acme.",
    cmd_upstream_enroll },
  { "upstream revoke", "", "dsn edge json", "shut an edge out of headquarters, at once",
    "  outpost upstream revoke --dsn DSN --edge till-3", cmd_upstream_revoke },
  { "upstream list", "", "dsn json", "list the edges that headquarters knows",
    "  outpost upstream list --dsn DSN", cmd_upstream_list },
  { "sync", "", WHERE " once", "replicate to headquarters, in the foreground; a server does it by itself",
    "  outpost sync --once     until nothing is left to send or take\n"
    "  outpost sync            until it is interrupted",
    cmd_sync },
  { "sync status", "", WHERE, "tell what headquarters holds, what is on its way and what is wrong",
    "  outpost sync status --json", cmd_sync_status },
  { "sync verify", "", WHERE, "compare this file with headquarters, row by row",
    "  outpost sync verify\n  outpost sync verify --json\n\n"
    "  Exit code 0: both hold the same; 1: not, and the first difference is named. What was not sent\n"
    "  yet is no difference: it is counted.",
    cmd_sync_verify },
  { "sync resend", "", WHERE, "send once more what headquarters lost, because an older backup took its place",
    "  outpost sync resend\n\n"
    "  When headquarters went back in time, nothing is sent until somebody says that this is the right\n"
    "  backup. `outpost sync status` tells.",
    cmd_sync_resend },
  { "sync bundle", "export|import|receipt FILE", WHERE " dsn", "carry what is new to headquarters on a stick",
    "  outpost sync bundle export /media/stick/till-3.bundle                 at the edge\n"
    "  outpost sync bundle import /media/stick/till-3.bundle --dsn DSN       at headquarters\n"
    "  outpost sync bundle receipt /media/stick/till-3.bundle.receipt        at the edge again\n\n"
    "  The import looks at all of the bundle before it takes any of it, may be repeated, and writes the\n"
    "  receipt beside it. The DSN is the administrator's.",
    cmd_sync_bundle },
  { "sync pause", "", WHERE, "send and take nothing until it is resumed", "  outpost sync pause",
    cmd_sync_pause },
  { "sync resume", "", WHERE, "go on after a pause", "  outpost sync resume", cmd_sync_resume },
  { "sync conflicts", "", WHERE " all limit",
    "list changes that did not hold, because somebody else changed the same",
    "  outpost sync conflicts\n  outpost sync conflicts --all --json\n\n"
    "  Without --all those that nobody decided yet.",
    cmd_sync_conflicts },
  { "sync take", "ID", WHERE " reason", "bring back what did not hold",
    "  outpost sync take 0190f3a2-... --reason \"the price was agreed\"", cmd_sync_take },
  { "sync keep", "ID", WHERE " reason", "say that what holds is right", "  outpost sync keep 0190f3a2-...",
    cmd_sync_keep },
  { "sync rename", "ID JSON", WHERE " reason", "give the own one of two records with one key another key",
    "  outpost sync rename 0190f3a2-... '{\"sku\":\"A-2\"}'\n\n"
    "  `sync keep` lets theirs take its place instead: the own one is deleted, and what refers to it refers "
    "to theirs.",
    cmd_sync_rename },
  { "sync reopen", "ID", WHERE " reason", "take back what was decided",
    "  outpost sync reopen 0190f3a2-...\n\n"
    "  The record is what it was before, unless somebody went on from it.",
    cmd_sync_reopen },
  { "sync metered", "BYTES|off", WHERE, "send at most so many bytes a day, and only what people did",
    "  outpost sync metered 5000000\n"
    "  outpost sync metered off\n\n"
    "  Rows of imported files and the files themselves wait until the link is not metered any more.",
    cmd_sync_metered },
  { "doctor", "", "data json", "look for what is wrong: folder and connection, data, performance",
    "  outpost doctor\n  outpost doctor --json", cmd_doctor },
  { "support-bundle", "", "data tenant listen www workers json out",
    "pack what somebody who helps needs to see: states and counts, no data, no secrets",
    "  outpost support-bundle --out bundle.tar.gz\n\n"
    "  Its README.txt says what is in it and what was left out. Look through it before you send it.",
    cmd_support_bundle },
  { "migrate", "", WHERE " to", "show a file's schema, or take it to another",
    "  outpost migrate\n  outpost migrate --to 13     a copy is made before", cmd_migrate },
  { "config", "", "data tenant listen www workers json",
    "show the settings in force, and where each comes from",
    "  outpost config --listen 127.0.0.1:9000\n\n"
    "  A setting is taken from the command line, then from the environment (OUTPOST_LISTEN for\n"
    "  --listen), then from lines such as `listen = 127.0.0.1:9000` in the file that OUTPOST_CONF\n"
    "  names, or ./outpost.conf, or /etc/outpost.conf. Exits 1 when a line of the file is no setting.",
    cmd_config },
  { "version", "", "libs json", "show the version", "  outpost version --libs", cmd_version },
  { "help", "[COMMAND...]", "man completion", "explain a command",
    "  outpost help import\n  outpost help stock                          all that begins with it\n  outpost "
    "help --man > outpost.1\n  source <(outpost help --completion bash)",
    cmd_help },
  { NULL, NULL, NULL, NULL, NULL, NULL },
};
