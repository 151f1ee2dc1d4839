// SPDX-License-Identifier: GPL-2.0-only
/* Sets back high-water marks and counters. */
#include "exits.h"
#include "view.h"

int view_reset(const struct request *request)
{
	int result = EXIT_OK;
	size_t i;

	for (i = 0; i < request->nr_selectors; i++) {
		const struct selector *selector = &request->selectors[i];
		int status = family_reset(request->family, selector, request->reset);

		if (!status)
			continue;
		complain(request, selector, status);
		result = EXIT_FAILED;
	}
	return result;
}
