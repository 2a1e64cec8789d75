package dev.millrace.model.network;

import java.util.List;

/**
 * What a channel's shape depends on.
 *
 * @param hidden widths of this tower's hidden layers
 * @param inputs width of the tower's input row
 * @param sharedInputs output width of the shared layers; {@code inputs} if there are none
 * @param fields first column of each field that is as wide as a channel
 * @param dim width of a channel's output
 */
record ChannelPlan(
        TowerSettings towers, List<Integer> hidden, int inputs, int sharedInputs, List<Integer> fields, int dim) {}
