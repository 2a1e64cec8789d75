package dev.millrace.verify;

import dev.millrace.batch.MiniBatch;

/**
 * A mini-batch and where it is in its topic.
 *
 * @param partition of the topic
 * @param offset within the partition
 */
record LoggedBatch(MiniBatch batch, String topic, int partition, long offset) {

    String place() {
        return "offset " + offset + " of " + topic + "-" + partition;
    }
}
