#include "base/version.h"

const struct version_lib version_libs[] = {
#include "gen/libs.h"
  { 0, 0 },
};
