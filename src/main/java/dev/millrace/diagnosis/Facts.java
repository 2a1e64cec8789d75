package dev.millrace.diagnosis;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.state.Books;
import dev.millrace.topic.ClusterFacts;
import dev.millrace.topic.OpenQuestion;
import dev.millrace.topic.authoriser.AccessRule;
import dev.millrace.topic.authoriser.AccessRule.Right;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.train.TrainingProgress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
 * @param access of the principals that are asked for
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
        Heap heap,
        Access access,
        Instant now,
        List<OpenQuestion> open) {

    public Facts {
        topicFaults = List.copyOf(topicFaults);
        otherPartitions = List.copyOf(otherPartitions);
        transactions = List.copyOf(transactions);
        disks = List.copyOf(disks);
        open = List.copyOf(open);
    }

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
     * A principal, and what it is there for.
     *
     * @param name as the cluster knows it
     * @param commands that it runs
     * @param needed what they need, at least one right
     */
    public record Principal(String name, List<String> commands, Set<Right> needed) {}

    /**
     * The principals, and the rules that they are under.
     *
     * @param principals that are asked for; if there are none, the cluster was not asked
     * @param rules of the cluster's authoriser; absent if it has none
     */
    public record Access(List<Principal> principals, Optional<List<AccessRule>> rules) {}

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
