/*
** inventory.h - what main.c wires up of the inventory: the door of its topic and the
** hooks of its records.
*/
#ifndef INVENTORY_INVENTORY_H
#define INVENTORY_INVENTORY_H

void inventory_register(void); /* before any tenant is opened */

#endif
