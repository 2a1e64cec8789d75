package dev.millrace.diagnosis;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.state.Books;
import dev.millrace.topic.ClusterFacts;
import dev.millrace.topic.ClusterFacts.OpenQuestion;
import dev.millrace.topic.TopicGrowth;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.train.TrainingProgress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What a diagnosis is made of.
 *
 * @param bootstrapServers for the commands
 * @param topicFaults one sentence a topic
 * @param otherPartitions one sentence for each topic with another number of partitions than the settings ask for
 * @param transactions that are open
 * @param report latest of the learner
 * @param events of all parts
 * @param disks local ones, with the state directory
 * @param auditable absent if the attribution has recorded no commit
 * @param growth of the topics that keep their records for a time; empty if the cluster does not say
 * @param now by this machine's clock
 * @param open what was not answered, by the cluster's facts too: nothing of it stands in the other components
 */
public record Facts(
        String bootstrapServers,
        ClusterFacts cluster,
        List<String> topicFaults,
        List<String> otherPartitions,
        List<JudgedTransaction> transactions,
        Optional<Report> report,
        Events events,
        List<ClusterFacts.Disk> disks,
        Optional<Auditable> auditable,
        List<TopicGrowth> growth,
        Heap heap,
        Instant now,
        List<OpenQuestion> open) {

    /**
     * What the learner said.
     *
     * @param writtenAt by the learner's clock
     */
    public record Report(TrainingProgress progress, Instant writtenAt) {}

    /**
     * What all parts of the trainer said of the events.
     *
     * @param books by logical topic; empty if none has reported
     * @param alarms those that are active by all events since the beginning
     */
    public record Events(SortedMap<String, Books.Account> books, List<InputAlarms.State> alarms) {}

    /**
     * What of the attribution can be made again.
     *
     * @param since the clock of the oldest commit from which on all have their events; absent if none has
     * @param isWhole whether that is its first one, with all that it ever read
     * @param topics with the commits, and with their events
     */
    public record Auditable(Optional<Instant> since, boolean isWhole, List<String> topics) {}

    /**
     * The heap, and what fills it.
     *
     * @param bytes that it may take
     * @param trainerBytes that the trainer takes once its tables are full
     * @param indexBytesAnItem that a server takes for each item of an index
     * @param indexes that a server may hold at once: of the generation that answers, of the next, and of those kept for a roll-back
     */
    public record Heap(long bytes, long trainerBytes, long indexBytesAnItem, int indexes) {}
}
