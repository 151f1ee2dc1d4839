/* SPDX-License-Identifier: GPL-2.0-only */
/* Included first when sparse runs: what 0.6.4 does not know of newer kernels. */
#define __typeof_unqual__ __typeof__
/* Kernels assert with it that a string literal contains no NUL. */
#define __builtin_strlen(literal) (sizeof(literal) - 1)
