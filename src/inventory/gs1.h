/*
** gs1.h - what a scanner reads from a GS1 symbol: element strings of application identifiers
** (GS1 General Specifications, chapter 3).
**
**   (01)09521234543213(17)270229(10)AB-123      as printed: identifiers in brackets
**   ]d201095212345432131727022910AB-123<GS>21X  as scanned: the symbology's identifier in front
**                                               (may be missing), fields of free length ended by FNC1,
**                                               which arrives as GS (0x1d)
**
** Read: 00 SSCC, 01 GTIN, 02 GTIN of what is inside, 10 lot, 11 made, 15 best before, 17 expires,
** 20 variant, 21 serial, 30 and 37 count, 310n..369n measures, 400 order, 410..417 locations. Of
** others of known length the value is passed over; anything else is refused with the reason, as are
** a wrong check digit, a day that there is not, a field that is cut off or there twice.
** Day 00 is the last of its month; of two centuries the one within 50 years of the given year.
*/
#ifndef INVENTORY_GS1_H
#define INVENTORY_GS1_H

#include "base/str.h"

enum { GS1_VALUE = 31 };
struct gs1 {
  char gtin[15], sscc[19], content[15]; /* "" where there is none */
  char lot[GS1_VALUE], serial[GS1_VALUE], order[GS1_VALUE];
  int32_t made, best_before, expires; /* days since 1970; GS1_NO_DAY: none */
  int64_t count;                      /* -1: none */
  int fields;
};
#define GS1_NO_DAY INT32_MIN

/* false: it is none, and why (at most size bytes) says so. year: the present one. */
bool gs1_parse(struct str text, int year, struct gs1 *out, char *why, size_t size);
/* The check digit of digits (the last of them) is right. */
bool gs1_check_digit(struct str digits);

#endif
