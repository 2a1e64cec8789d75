package dev.millrace.follow;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How far the followed topics have been read. Safe for threads. */
final class TopicProgress {

    private final Map<FollowedTopic, Integer> partitions = new EnumMap<>(FollowedTopic.class); // of those caught up
    private final Set<FollowedTopic> failed = EnumSet.noneOf(FollowedTopic.class);
    private final Map<FollowedTopic, Readiness.Records> records = new EnumMap<>(FollowedTopic.class);
    private final Map<FollowedTopic, Long> undecodable = new EnumMap<>(FollowedTopic.class);

    /** Takes how much has been read of what was in a topic at start. */
    synchronized void read(FollowedTopic topic, Readiness.Records read) {
        records.put(topic, read);
    }

    /** Takes how many records of a topic were left out. */
    synchronized void undecodable(FollowedTopic topic, long count) {
        undecodable.put(topic, count);
    }

    /** Records of a topic that were left out, because they could not be decoded. */
    synchronized long undecodable(FollowedTopic topic) {
        return undecodable.getOrDefault(topic, 0L);
    }

    /**
     * Everything that was in a topic at start has been read.
     *
     * @param ofTopic its partitions
     */
    synchronized void caughtUp(FollowedTopic topic, int ofTopic) {
        partitions.put(topic, ofTopic);
    }

    /** A topic is no longer followed. */
    synchronized void failed(FollowedTopic topic) {
        failed.add(topic);
    }

    /** Returns true once all topics have caught up. */
    synchronized boolean isCaughtUp() {
        return partitions.size() == FollowedTopic.values().length;
    }

    /** Partitions of a topic; absent before it has caught up. */
    synchronized Optional<Integer> partitions(FollowedTopic topic) {
        return Optional.ofNullable(partitions.get(topic));
    }

    /** Returns true if a topic has failed. */
    synchronized boolean hasFailed() {
        return !failed.isEmpty();
    }

    /** How far each topic is. */
    synchronized Map<FollowedTopic, Readiness.Progress> topics() {
        Map<FollowedTopic, Readiness.Progress> topics = new EnumMap<>(FollowedTopic.class);
        for (FollowedTopic topic : FollowedTopic.values()) {
            topics.put(topic, of(topic));
        }
        return topics;
    }

    /** How much has been read of each topic, if that is known. */
    synchronized Map<FollowedTopic, Readiness.Records> records() {
        return new EnumMap<>(records);
    }

    private Readiness.Progress of(FollowedTopic topic) {
        if (failed.contains(topic)) {
            return Readiness.Progress.FAILED;
        }
        return partitions.containsKey(topic) ? Readiness.Progress.CAUGHT_UP : Readiness.Progress.READING;
    }
}
