// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/all.h"

const struct scenario *const scenarios[] = {
	&single_scenario,
	&burst_scenario,
	&depth_scenario,
	&capacity_scenario,
	&priorities_scenario,
	&queues_scenario,
	&pollers_scenario,
	&round_trip_scenario,
	&stream_scenario,
	&fan_scenario,
	&wakeups_scenario,
	&memory_scenario,
};

const size_t nr_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);

const struct scenario_case only_case[] = { { .name = "-" }, { 0 } };
const size_t size_64[] = { 64, 0 };

bool fits_depth(const struct mechanism *mech, const struct scenario_case *variant)
{
	return !mech->max_depth || variant->number < mech->max_depth / 16 * 15;
}
