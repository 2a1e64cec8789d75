package dev.millrace.diagnosis;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.Symptom;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.ClusterFacts;
import dev.millrace.topic.ClusterFacts.OpenQuestion;
import dev.millrace.topic.ClusterFacts.OpenQuestion.Subject;
import dev.millrace.topic.TopicGrowth;
import dev.millrace.topic.transaction.Fate;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.stream.Stream;

/** The findings that follow from the facts, at least one for each check. */
public final class Diagnosis {

    // levels of metadata.version: 4.0 has 25, 4.3 has 30, 4.4 has 31 to 33
    private static final int FIRST_THAT_LOSES_ENDS = 30;
    private static final int LAST_THAT_LOSES_ENDS = 33;
    private static final int ENDS_CAN_BE_KNOWN = 2; // of transaction.version: each transaction has an epoch of its own

    private static final double LITTLE_DISK = 0.2;
    private static final int FEW_DAYS = 30;
    private static final double HARDLY_ANY_DISK = 0.05;
    private static final int GROSSLY = 10; // as the trainer refuses to start
    private static final double MOST_REJECTED = 0.001;
    private static final Duration MOST_SKEW = Duration.ofSeconds(5);
    private static final Duration LONG_TRANSACTION = Duration.ofMinutes(15);
    private static final Duration LONG_SILENCE = Duration.ofHours(1); // of a learner, which reports at each commit

    private final Facts facts;
    private final String servers;

    private Diagnosis(Facts facts) {
        this.facts = facts;
        this.servers = " --bootstrap-server " + facts.bootstrapServers();
    }

    /** The findings, in the order of the checks. */
    public static List<Finding> of(Facts facts) {
        Diagnosis diagnosis = new Diagnosis(facts);
        return Stream.of(
                        diagnosis.cluster(),
                        diagnosis.versions(),
                        diagnosis.topics(),
                        diagnosis.rights(),
                        diagnosis.disks(),
                        diagnosis.growth(),
                        diagnosis.heap(),
                        diagnosis.clock(),
                        diagnosis.transactions(),
                        diagnosis.mapping(),
                        diagnosis.events(),
                        diagnosis.audits(),
                        diagnosis.model(),
                        diagnosis.repeats())
                .flatMap(List::stream)
                .toList();
    }

    /** What one check finds. */
    private final class Check {

        private final String name;
        private final List<Finding> found = new ArrayList<>();

        /** @param subjects the questions that the check needs an answer to: it warns of each that has none */
        Check(String name, Subject... subjects) {
            this.name = name;
            facts.open().stream()
                    .filter(question -> List.of(subjects).contains(question.subject()))
                    .forEach(question -> warn(
                            "not checked: " + question.why(),
                            "a fault here is not seen",
                            question.isRefused()
                                    ? grant()
                                    : "what the other lines say, then millrace doctor" + servers + " again"));
        }

        void warn(String what, String why, String command) {
            add(Finding.Grade.WARN, what, why, command);
        }

        void fail(String what, String why, String command) {
            add(Finding.Grade.FAIL, what, why, command);
        }

        void add(Finding.Grade grade, String what, String why, String command) {
            found.add(new Finding(name, grade, what, why, command));
        }

        /** The findings; that all is well, if there is none. */
        List<Finding> orOk(String what) {
            return found.isEmpty() ? List.of(new Finding(name, Finding.Grade.OK, what, "", "")) : found;
        }
    }

    private String grant() {
        return "kafka-acls.sh" + servers + " --add, as millrace topics acls prints";
    }

    private List<Finding> cluster() {
        ClusterFacts.Partitions partitions = facts.cluster().partitions();
        Check found = new Check("cluster", Subject.PARTITIONS);
        if (!partitions.withoutLeader().isEmpty()) {
            found.fail(
                    "no leader: " + String.join(", ", partitions.withoutLeader()),
                    "nobody can read or write these partitions",
                    "start the brokers that have them: kafka-topics.sh" + servers
                            + " --describe --unavailable-partitions");
        }
        if (!partitions.belowMinimum().isEmpty()) {
            found.fail(
                    "fewer replicas in sync than min.insync.replicas: " + String.join(", ", partitions.belowMinimum()),
                    "these partitions take no writes from producers that wait for all replicas, as Millrace's do",
                    "start the missing brokers, or lower min.insync.replicas if the topic has fewer replicas:"
                            + " kafka-topics.sh" + servers + " --describe --under-min-isr-partitions");
        }
        if (!partitions.belowReplicas().isEmpty()) {
            found.warn(
                    "replicas missing: " + String.join(", ", partitions.belowReplicas()),
                    "the next broker that fails may take these partitions with it",
                    "start the missing brokers: kafka-topics.sh" + servers
                            + " --describe --under-replicated-partitions");
        }
        return found.orOk(count(facts.cluster().brokers(), "broker")
                + (partitions.topics().isEmpty()
                        ? ", no topic to look at"
                        : ", every partition of " + String.join(", ", partitions.topics())
                                + " has its leader and replicas"));
    }

    private List<Finding> versions() {
        Check found = new Check("versions", Subject.VERSIONS);
        facts.cluster().levels().ifPresent(levels -> {
            OptionalInt release = levels.release();
            if (release.isPresent()
                    && release.getAsInt() >= FIRST_THAT_LOSES_ENDS
                    && release.getAsInt() <= LAST_THAT_LOSES_ENDS) {
                found.warn(
                        "brokers are of Kafka 4.3 or 4.4 (metadata.version up to " + release.getAsInt() + ")",
                        "they may lose the end of a transaction when a partition has no leader (KAFKA-20734)",
                        "run brokers of Kafka 4.2, or three replicas; millrace transactions list" + servers
                                + " shows what is open");
            }
            if (levels.transactionVersion() < ENDS_CAN_BE_KNOWN) {
                found.warn(
                        "transaction.version is " + levels.transactionVersion(),
                        "if brokers lose the end of a transaction, nobody can tell which it was",
                        "kafka-features.sh" + servers + " upgrade --feature transaction.version=" + ENDS_CAN_BE_KNOWN);
            }
        });
        return found.orOk("no known fault of these brokers");
    }

    private List<Finding> topics() {
        Check found = new Check("topics", Subject.TOPICS);
        for (String fault : facts.topicFaults()) {
            found.fail(
                    fault,
                    "trainer and server refuse to start",
                    fault.contains(" is missing")
                            ? "millrace topics create" + servers
                            : "what the sentence says; or delete the topic, if its records may go, and millrace topics"
                                    + " create"
                                    + servers);
        }
        for (String other : facts.otherPartitions()) {
            found.warn(
                    other,
                    "trainer and server work with it, but the settings do not say what there is",
                    "set topic.partitions to that number; or delete the topic, if its records may go, and millrace"
                            + " topics create"
                            + servers);
        }
        return found.orOk("all are there, with the partitions and settings they need");
    }

    private List<Finding> rights() {
        Check found = new Check("rights");
        facts.open().stream()
                .filter(OpenQuestion::isRefused)
                .map(OpenQuestion::why)
                .distinct()
                .forEach(right -> found.warn(right, "what depends on it was not checked", grant()));
        return found.orOk("doctor has all rights that it needs");
    }

    private List<Finding> disks() {
        List<ClusterFacts.Disk> all = Stream.concat(facts.cluster().disks().stream(), facts.disks().stream())
                .toList();
        Check found = new Check("disk", Subject.DISKS);
        for (String directory : facts.cluster().offline()) {
            found.fail(
                    directory,
                    "the broker has lost this directory, and the replicas in it",
                    "mend the volume and restart the broker");
        }
        for (ClusterFacts.Disk disk : all) {
            double free = (double) disk.usableBytes() / disk.totalBytes();
            if (free < LITTLE_DISK) {
                found.add(
                        free < HARDLY_ANY_DISK ? Finding.Grade.FAIL : Finding.Grade.WARN,
                        String.format(
                                Locale.ROOT,
                                "%s has %.0f %% free, %s of %s",
                                disk.name(),
                                100 * free,
                                mib(disk.usableBytes()),
                                mib(disk.totalBytes())),
                        "a broker or trainer whose disk is full stops, and mini-batches are kept for ever by default",
                        "free space, or keep less: topic.batch-retention, topic.event-retention");
            }
        }
        return found.orOk(count(all.size(), "volume") + ", each with a fifth free or more");
    }

    /** What is written a day, how long it is kept, and when the brokers' volumes are full of it. */
    private List<Finding> growth() {
        Optional<String> rates = TopicGrowth.inWords(facts.growth());
        if (rates.isEmpty()) {
            return List.of(); // nothing was written within the last hour, or the cluster does not say
        }
        Check found = new Check("growth");
        OptionalLong full = daysUntilFull();
        String what = rates.get()
                + (full.isPresent() ? "; at that rate the brokers' volumes are full in " + days(full.getAsLong()) : "");
        if (full.isPresent() && full.getAsLong() < FEW_DAYS) {
            found.warn(
                    what,
                    "a broker whose disk is full stops",
                    "add space, or keep less by kafka-configs.sh: mini-batches, which end verify --model and learners"
                            + " from the log before that time; events, which end verify --counts");
        }
        return found.orOk(what);
    }

    private static String days(long days) {
        return days == 1 ? "1 day" : String.format(Locale.ROOT, "%,d days", days);
    }

    /** A topic that has deleted before the volumes are full does not fill them. */
    private OptionalLong daysUntilFull() {
        long usable = facts.cluster().disks().stream()
                .mapToLong(ClusterFacts.Disk::usableBytes)
                .sum();
        List<TopicGrowth> filling =
                facts.growth().stream().filter(topic -> topic.bytesADay() > 0).toList();
        while (usable > 0 && !filling.isEmpty()) {
            long days = usable
                    / Math.max(
                            1,
                            filling.stream().mapToLong(TopicGrowth::bytesADay).sum());
            List<TopicGrowth> longer = filling.stream()
                    .filter(topic ->
                            topic.kept().map(time -> time.toDays() > days).orElse(true))
                    .toList();
            if (longer.size() == filling.size()) {
                return OptionalLong.of(days);
            }
            filling = longer;
        }
        return OptionalLong.empty();
    }

    private List<Finding> heap() {
        Facts.Heap heap = facts.heap();
        Check found = new Check("heap");
        if (heap.trainerBytes() > heap.bytes()) {
            found.add(
                    heap.trainerBytes() / GROSSLY > heap.bytes() ? Finding.Grade.FAIL : Finding.Grade.WARN,
                    "the settings allow a trainer " + mib(heap.trainerBytes()) + ", and the heap has "
                            + mib(heap.bytes()),
                    "a trainer without heap ends; far beyond it, it does not start",
                    more(heap.trainerBytes()) + ", or lower table.cache-bytes and catalogue.max-unannounced");
        }
        long items = facts.report().map(report -> report.progress().items()).orElse(0);
        long index = heap.indexes() * items * heap.indexBytesAnItem();
        if (index > heap.bytes()) {
            found.warn(
                    String.format(
                            Locale.ROOT,
                            "a server takes %s for %d indexes of %,d items, and the heap has %s",
                            mib(index),
                            heap.indexes(),
                            items,
                            mib(heap.bytes())),
                    "a server without heap ends, at the latest with the next generation",
                    more(index));
        }
        return found.orOk(mib(heap.bytes()) + ", of which a trainer takes " + mib(heap.trainerBytes()) + " when full"
                + (facts.report().isPresent() ? " and a server " + mib(index) + " for its items" : ""));
    }

    private List<Finding> clock() {
        Check found = new Check("clock", Subject.CLOCK);
        Duration ahead = facts.cluster()
                .newestProgress()
                .map(newest -> Duration.between(facts.now(), newest))
                .orElse(Duration.ZERO);
        if (ahead.compareTo(MOST_SKEW) > 0) {
            found.warn(
                    "the newest record of training-progress is " + ahead.toSeconds()
                            + " s ahead of this machine's clock",
                    "ages and time-outs are wrong, and events that are ahead of the clock are rejected",
                    "chronyc makestep, on this machine or on the brokers");
        }
        return found.orOk("no record is from this machine's future");
    }

    private List<Finding> transactions() {
        Check found = new Check("transactions", Subject.TRANSACTIONS);
        for (JudgedTransaction one : facts.transactions()) {
            String why = "readers of committed records wait before it for ever";
            if (one.fate() == Fate.UNDECIDED) {
                found.fail(
                        one.text(),
                        why,
                        "millrace transactions settle" + servers + " --force-abort "
                                + one.open().place()
                                + " (or --force-commit: docs/operations.md, Transactions without an end)");
            } else if (one.isOrphan()) {
                found.fail(one.text(), why, "millrace transactions settle" + servers);
            } else if (Duration.between(one.open().lastWrite(), facts.now()).compareTo(LONG_TRANSACTION) > 0) {
                found.warn(
                        one.text(),
                        "readers of committed records wait before it",
                        "end its producer, or kafka-transactions.sh" + servers + " abort --topic "
                                + one.open().topic() + " --partition "
                                + one.open().partition() + " --start-offset "
                                + one.open().firstOffset());
            }
        }
        return found.orOk(count(facts.transactions().size(), "open transaction") + ", none without an end");
    }

    /** What became of the records of the user's own topics. */
    private List<Finding> mapping() {
        Check found = new Check("map");
        Books.Account all = facts.events().books().entrySet().stream()
                .filter(account -> account.getKey().startsWith(Books.MAPPED))
                .map(Map.Entry::getValue)
                .reduce(Books.Account.EMPTY, Books.Account::plus);
        if (all.received() == 0) {
            return List.of(); // nothing is mapped here
        }
        String counts = "your own topics: " + all.inWords();
        long rejected = all.outcome(Outcome.REJECTED);
        if (rejected > 0 && rejected >= MOST_REJECTED * all.received()) {
            found.warn(
                    counts,
                    "what cannot be mapped is never learnt",
                    "millrace dlq list" + servers + ", then mend the mapping");
        }
        return found.orOk(counts);
    }

    /** What became of the events: a system may run well and learn from none. */
    private List<Finding> events() {
        SortedMap<String, Books.Account> books = facts.events().books();
        if (books.isEmpty()) {
            return List.of(); // that nothing has reported is a finding about the model
        }
        Check found = new Check("events");
        facts.events()
                .alarms()
                .forEach(alarm -> found.warn(
                        String.format(
                                Locale.ROOT,
                                "%s since the beginning: %.3g, limit %.3g",
                                alarm.kind().text(),
                                alarm.value(),
                                alarm.limit()),
                        alarm.kind().cause(),
                        "docs/diagnosis.md, Alarms about the events"));
        long received = 0;
        long rejected = 0;
        for (InputTopic topic : InputTopic.FROM_PRODUCERS) {
            Books.Account account = Books.Account.of(topic, books);
            received += account.received();
            rejected += account.outcome(Outcome.REJECTED);
        }
        String counts = String.format(Locale.ROOT, "%,d events received, %,d of them rejected", received, rejected);
        if (rejected > 0 && rejected >= MOST_REJECTED * received) {
            found.warn(counts, "nothing is learnt from what is rejected", "millrace dlq list" + servers);
        }
        Books.Account clicks = Books.Account.of(InputTopic.CLICKS, books);
        long untrained = clicks.outcome(Outcome.UNTRAINED_ACTION);
        if (2 * untrained > clicks.received()) {
            found.warn(
                    String.format(
                            Locale.ROOT,
                            "%,d of %,d clicks are of actions that nothing is learnt from",
                            untrained,
                            clicks.received()),
                    "attribution.actions does not name them; a click without an action is a click",
                    "send the actions that attribution.actions names, or begin a state with other ones");
        }
        return found.orOk(counts);
    }

    /** Since when the attribution can be made again, and what ends that. */
    private List<Finding> audits() {
        Check found = new Check("audits", Subject.AUDITS);
        if (facts.auditable().isEmpty()) {
            return found.found;
        }
        Facts.Auditable auditable = facts.auditable().get();
        String what = auditable.since().map(since -> "since " + since).orElse("of no commit so far")
                + (auditable.isWhole() ? ", its beginning" : ", from a checkpoint written since");
        List<String> ending = facts.growth().stream()
                .filter(topic -> auditable.topics().contains(topic.topic()))
                .flatMap(topic -> topic.kept().map(time -> topic.topic() + " (" + days(time.toDays()) + ")").stream())
                .toList();
        return found.orOk("verify --counts can audit the attribution " + what
                + (ending.isEmpty() ? "" : "; retention ends it: " + String.join(", ", ending)));
    }

    private List<Finding> model() {
        Check found = new Check("model", Subject.PROGRESS);
        if (facts.report().isPresent()) {
            return model(found, facts.report().get());
        }
        if (found.found.isEmpty()) {
            found.warn("no learner has reported yet", "nothing is learnt", "millrace train" + servers);
        }
        return found.found;
    }

    private List<Finding> model(Check found, Facts.Report report) {
        TrainingProgress progress = report.progress();
        Duration age = Duration.between(report.writtenAt(), facts.now());
        if (age.compareTo(LONG_SILENCE) > 0) {
            found.warn(
                    "the learner's last report is " + age.toMinutes() + " min old",
                    "no learner runs, or none gets events: the model grows old",
                    "send events, or millrace train" + servers
                            + "; /readyz of a running trainer says what it waits for");
        }
        progress.alarms().stream().filter(Alarm::isActive).forEach(alarm -> add(alarm, found));
        progress.withheld()
                .ifPresent(reason -> found.warn(
                        "publication is withheld: " + reason,
                        "vectors grow old meanwhile",
                        "docs/diagnosis.md, Withheld publication"));
        for (Map.Entry<String, Books.Account> account : progress.books().entrySet()) {
            if (!account.getValue().isBalanced()) {
                found.fail(
                        "the books of " + account.getKey() + " do not balance",
                        "an event was lost or counted twice",
                        "millrace verify --counts" + servers);
            }
        }
        return found.orOk(String.format(
                Locale.ROOT,
                "step %,d of %s, %,d items, no alarm, last report %d min ago",
                progress.step(),
                progress.generation(),
                progress.items(),
                Math.max(0, age.toMinutes())));
    }

    /** How many clicks are on what the user had, and whether answers may have that. Nobody else can say which of the two is wanted. */
    private List<Finding> repeats() {
        return facts.report()
                .map(Facts.Report::progress)
                .filter(progress -> !Double.isNaN(progress.figure(Figure.REPEATS)))
                .map(progress -> new Check("repeats")
                        .orOk(String.format(
                                Locale.ROOT,
                                "%.1f %% of the latest clicks are on items of the user's history, which answers %s",
                                100 * progress.figure(Figure.REPEATS),
                                Double.isNaN(progress.figure(Figure.REPEAT_WEIGHT, "0"))
                                        ? "leave out (history.answers = false)"
                                        : "may have (history.answers = true)")))
                .orElse(List.of());
    }

    private void add(Alarm alarm, Check found) {
        String what = String.format(
                Locale.ROOT,
                "%s is %.3g, beyond %.3g since step %,d",
                alarm.kind().text(),
                alarm.value(),
                alarm.limit(),
                alarm.since());
        if (alarm.kind() == Symptom.RECALL_BELOW_POPULARITY) {
            found.fail(what, alarm.kind().cause(), "millrace model list" + servers + ", then millrace model rollback");
        } else {
            found.warn(what, alarm.kind().cause(), "docs/diagnosis.md, Alarms about the model");
        }
    }

    /** What half as much again needs, as docs/operations.md has it. */
    private static String more(long bytes) {
        return "MILLRACE_HEAP=" + ((bytes + bytes / 2) >> 20) + "m";
    }

    private static String mib(long bytes) {
        return (bytes >> 20) + " MiB";
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }
}
