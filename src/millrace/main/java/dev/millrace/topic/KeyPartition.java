package dev.millrace.topic;

import org.apache.kafka.common.utils.Utils;

/** The partition that a key belongs to: the one that the default partitioner of Kafka's Java clients gives it. */
public final class KeyPartition {

    private KeyPartition() {}

    /**
     * Returns murmur2 of the key, without its sign, modulo the partitions.
     *
     * @param partitions number of partitions of the topic
     */
    public static int of(byte[] key, int partitions) {
        return Utils.toPositive(Utils.murmur2(key)) % partitions;
    }
}
