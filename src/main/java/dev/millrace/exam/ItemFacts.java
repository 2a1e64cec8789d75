package dev.millrace.exam;

import dev.millrace.batch.Catalogue;
import dev.millrace.batch.FastPopularity;
import dev.millrace.neighbour.NeighbourLists;

/** What a learner knows of items beside its model: which there are, how popular they are lately, and what is clicked beside them. */
public record ItemFacts(Catalogue catalogue, FastPopularity popularity, NeighbourLists neighbours) {}
