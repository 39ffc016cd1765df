#include "auth/identity.h"

bool identity_may(const struct identity *who, const char *permission) {
  uint64_t bit = permission_bit(str_of(permission));
  return bit && (who->permissions & bit) == bit;
}
