/*
** address.h - who somebody is, as far as his address says it: what is counted for one is counted for all of it.
*/
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

enum { ADDRESS_SIZE = 48 };

/* "192.0.2.7" is itself, also as ::ffff:192.0.2.7. Of IPv6 a whole /64 is one: whoever has an address there can take any of
** them ("2001:db8:1:2::"). What is no numeric address stays as it is, as far as there is room. */
void address_network(const char *address, char out[static ADDRESS_SIZE]);

#endif
