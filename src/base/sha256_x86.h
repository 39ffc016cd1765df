/* sha256_x86.h - SHA-256 by the instructions that processors have for it. Private to hash.c. */
#ifndef BASE_SHA256_X86_H
#define BASE_SHA256_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool sha256_x86_there(void);
/* Whole blocks of 64 bytes into the state of FIPS 180-4, section 6.2. */
void sha256_x86_blocks(uint32_t state[static 8], const unsigned char *p, size_t blocks);

#endif
