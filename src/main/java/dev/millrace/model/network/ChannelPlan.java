package dev.millrace.model.network;

import java.util.List;

/**
 * What the shape of a tower's channel is made by.
 *
 * @param hidden widths of this tower's hidden layers
 * @param inputs width of the row of all fields
 * @param sharedInputs width of what the shared layers make; of the row where there are none
 * @param fields where each field begins that is as wide as a channel
 * @param dim width of a channel's output
 */
record ChannelPlan(
        TowerSettings towers, List<Integer> hidden, int inputs, int sharedInputs, List<Integer> fields, int dim) {}
