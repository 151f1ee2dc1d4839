/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and unloading the module. */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>

const char *module_file(void);
int load(const char *params);
int unload(void);
bool is_loaded(void);
bool has_node(const char *name);

#endif /* MODULE_H */
