/*
** main.c - wiring only: the one file that knows everybody.
*/
#include <signal.h>

#include "cli/cli.h"
#include "export/entities.h"
#include "ingest/entities.h"
#include "ingest/import.h"
#include "ingest/note.h"
#include "ingest/review.h"
#include "sales/sales.h"

int main(int argc, char **argv) {
  signal(SIGXFSZ,
         SIG_IGN); /* a file that may not grow is an error of the write, not the end of the process */
  signal(SIGPIPE, SIG_IGN);

  dataset_register(&sales_dataset);
  entity_register(&rule_entity);
  entity_register(&reference_item_entity);
  entity_register(&review_entity);
  entity_register(&note_entity);
  entity_register(&mapping_memory_entity);
  entity_register(&tab_entity);
  entity_register(&steward_entity);
  tenant_set_hook(import_recover);

  return cli_main(argc, argv);
}
