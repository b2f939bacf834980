// What a running service's nodes did, put on the network's drawing or story; and the story itself as text. Pure.
#pragma once

#include <string>
#include <vector>

#include "app/graph/graph.h"
#include "app/insight/report.h"
#include "engine/outline.h"

namespace flyball::app {

// Numbers before the labels of boxes, all of them in the titles. `outline` is what `graph` was made from.
void put_on(Graph& graph, const engine::Outline& outline, const engine::Program& program, const InsightReport& live);

// How rules are matched, in words, with what a service counted if it was asked.
std::string plan_text(const std::vector<engine::PlanStory>& stories, const SourceFiles& sources, const InsightReport* live);

}  // namespace flyball::app
