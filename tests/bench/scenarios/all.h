/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIOS_ALL_H
#define SCENARIOS_ALL_H

#include "scenario.h"

extern const struct scenario single_scenario;
extern const struct scenario burst_scenario;
extern const struct scenario depth_scenario;
extern const struct scenario capacity_scenario;
extern const struct scenario priorities_scenario;
extern const struct scenario queues_scenario;
extern const struct scenario pollers_scenario;
extern const struct scenario round_trip_scenario;
extern const struct scenario stream_scenario;
extern const struct scenario fan_scenario;
extern const struct scenario wakeups_scenario;
extern const struct scenario memory_scenario;

#endif /* SCENARIOS_ALL_H */
