package dev.millrace.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.InputAlarms;
import dev.millrace.alarm.Symptom;
import dev.millrace.diagnosis.Finding.Grade;
import dev.millrace.exam.ExamTotals;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import dev.millrace.topic.ClusterFacts;
import dev.millrace.topic.ClusterFacts.Disk;
import dev.millrace.topic.ClusterFacts.Levels;
import dev.millrace.topic.ClusterFacts.OpenQuestion;
import dev.millrace.topic.ClusterFacts.OpenQuestion.Subject;
import dev.millrace.topic.ClusterFacts.Partitions;
import dev.millrace.topic.TopicGrowth;
import dev.millrace.topic.transaction.Fate;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.topic.transaction.OpenTransaction;
import dev.millrace.train.TrainingProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiagnosisTest {

    private static final Instant NOW = Instant.parse("2026-03-01T09:00:00Z");
    private static final long MIB = 1 << 20;

    private Optional<Levels> levels = Optional.of(new Levels(OptionalInt.of(29), 2));
    private Partitions partitions = partitions(List.of(), List.of(), List.of());
    private Disk disk = new Disk("broker 1 /data", 100 * MIB, 50 * MIB);
    private Instant newest = NOW;
    private List<String> topicFaults = List.of();
    private List<String> otherPartitions = List.of();
    private List<JudgedTransaction> transactions = List.of();
    private List<String> offline = List.of();
    private Instant reported = NOW;
    private List<OpenQuestion> open = List.of();
    private List<TopicGrowth> growth = List.of();
    private Optional<Facts.Auditable> auditable = Optional.empty();
    private SortedMap<String, Books.Account> books = new TreeMap<>();
    private List<InputAlarms.State> inputAlarms = List.of();
    private Facts.Heap heap = new Facts.Heap(2_000 * MIB, 1_400 * MIB, 480, 3);
    private final SortedMap<String, Double> figures = new TreeMap<>();
    private Optional<TrainingProgress> progress = Optional.empty();

    DiagnosisTest() {
        said(1_000, List.of(), Map.of(), Optional.empty());
    }

    @Test
    void aHealthyInstallationIsOkInEachCheck() {
        assertThat(findings()).allSatisfy(finding -> assertThat(finding.grade()).isEqualTo(Grade.OK));
        assertThat(findings())
                .extracting(Finding::check)
                .containsExactly(
                        "cluster", "versions", "topics", "rights", "disk", "heap", "clock", "transactions", "model");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    no leader          | cluster      | FAIL | no leader: clicks-1                   | kafka-topics.sh --bootstrap-server kafka:9092
                    no writes          | cluster      | FAIL | min.insync.replicas: clicks-2         | --under-min-isr-partitions
                    no replica         | cluster      | WARN | replicas missing: clicks-0            | --under-replicated-partitions
                    old transactions   | versions     | WARN | transaction.version is 1              | --feature transaction.version=2
                    other partitions   | topics       | WARN | topic clicks has 2 partitions         | set topic.partitions
                    lost directory     | disk         | FAIL | broker 1 /data: disk error            | restart the broker
                    large indexes      | heap         | WARN | 4119 MiB for 3 indexes of 3,000,000   | MILLRACE_HEAP=6179m
                    untrained actions  | events       | WARN | 51 of 100 clicks                      | attribution.actions
                    alarm about events | events       | WARN | orphan-clicks since the beginning: 0.750, limit 0.500 | Alarms about
                    lost end           | transactions | FAIL | committed                             | transactions settle --bootstrap-server kafka:9092
                    unknown end        | transactions | FAIL | undecided                             | --force-abort items-0
                    unbalanced books   | model        | FAIL | the books of clicks do not balance    | millrace verify --counts
                    withheld           | model        | WARN | publication is withheld: recall fell  | Withheld publication
                    no learner         | model        | WARN | no learner has reported yet           | millrace train
                    """)
    void oneFaultIsTheOnlyFindingAndNamesItsRemedy(
            String fault, String check, Grade grade, String what, String command) {
        make(fault);

        assertThat(findings().stream().filter(finding -> finding.grade() != Grade.OK))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.check()).isEqualTo(check);
                    assertThat(finding.grade()).isEqualTo(grade);
                    assertThat(finding.what()).contains(what);
                    assertThat(finding.why()).isNotEmpty();
                    assertThat(finding.command()).contains(command);
                });
    }

    @ParameterizedTest
    @CsvSource({"29, 0", "30, 1", "33, 1", "34, 0"})
    void brokersThatLoseTheEndsOfTransactionsAreNamed(int level, int warnings) {
        levels = Optional.of(new Levels(OptionalInt.of(level), 2));

        assertThat(findings().stream().filter(finding -> finding.grade() == Grade.WARN))
                .hasSize(warnings)
                .allSatisfy(finding -> assertThat(finding.why()).contains("KAFKA-20734"));
    }

    @Test
    void everyFaultOfATopicIsAFindingOfItsOwn() {
        topicFaults = List.of("topic clicks is missing; millrace topics create makes it", "topic items has two faults");

        assertThat(findings().stream().filter(finding -> finding.grade() == Grade.FAIL))
                .extracting(Finding::what)
                .containsExactlyElementsOf(topicFaults);
    }

    @ParameterizedTest
    @CsvSource({
        "PARTITIONS, cluster",
        "VERSIONS, versions",
        "TOPICS, topics",
        "DISKS, disk",
        "CLOCK, clock",
        "TRANSACTIONS, transactions",
        "PROGRESS, model"
    })
    void aQuestionWithoutAnAnswerIsAWarningAndNeverOk(Subject subject, String check) {
        levels = Optional.empty();
        progress = Optional.empty();
        open = List.of(new OpenQuestion(subject, "no answer in time", false));

        assertThat(findings().stream().filter(finding -> finding.check().equals(check)))
                .extracting(Finding::grade, Finding::what)
                .containsExactly(tuple(Grade.WARN, "not checked: no answer in time"));
        assertThat(of("rights").grade()).isEqualTo(Grade.OK);
    }

    @Test
    void aMissingRightIsNamedBesideEachCheckThatNeedsIt() {
        open = List.of(
                new OpenQuestion(Subject.DISKS, "DESCRIBE on the cluster", true),
                new OpenQuestion(Subject.VERSIONS, "DESCRIBE on the cluster", true));

        assertThat(findings().stream().filter(finding -> finding.grade() != Grade.OK))
                .extracting(Finding::check, Finding::what)
                .containsExactly(
                        tuple("versions", "not checked: DESCRIBE on the cluster"),
                        tuple("rights", "DESCRIBE on the cluster"),
                        tuple("disk", "not checked: DESCRIBE on the cluster"));
    }

    @Test
    void whatWasFoundIsToldBesideWhatWasNotChecked() {
        partitions = partitions(List.of("clicks-1"), List.of(), List.of());
        open = List.of(new OpenQuestion(Subject.PARTITIONS, "DESCRIBE on every topic", true));

        assertThat(findings().stream().filter(finding -> finding.check().equals("cluster")))
                .extracting(Finding::grade)
                .containsExactly(Grade.WARN, Grade.FAIL);
    }

    @ParameterizedTest
    @CsvSource({"20, OK", "19, WARN", "5, WARN", "4, FAIL"})
    void aDiskThatFillsIsAWarningAndAFullOneFails(int freePercent, Grade grade) {
        disk = new Disk("broker 1 /data", 100 * MIB, freePercent * MIB);

        assertThat(of("disk").grade()).isEqualTo(grade);
    }

    @ParameterizedTest
    @CsvSource({"1400, OK", "1399, WARN", "139, FAIL"})
    void tablesBeyondTheHeapAreAWarning(int heapMib, Grade grade) {
        heap = new Facts.Heap(heapMib * MIB, 1_400 * MIB, 480, 3);

        assertThat(of("heap").grade()).isEqualTo(grade);
    }

    @ParameterizedTest
    @CsvSource({"0, OK", "9, OK", "10, WARN"})
    void oneRejectedEventInAThousandIsAWarning(long rejected, Grade grade) {
        books.put("clicks", account(10_000, 0, "rejected: bad-time", rejected));

        assertThat(of("events").grade()).isEqualTo(grade);
        assertThat(of("events").what()).isEqualTo("10,000 events received, " + rejected + " of them rejected");
    }

    @ParameterizedTest
    @CsvSource({"5, OK", "6, WARN"})
    void aRecordFromTheFutureShowsAClockThatIsBehind(int seconds, Grade grade) {
        newest = NOW.plusSeconds(seconds);

        assertThat(of("clock").grade()).isEqualTo(grade);
    }

    @ParameterizedTest
    @CsvSource({"900, OK", "901, WARN"})
    void transactionsOfFifteenMinutesAreAWarning(int seconds, Grade grade) {
        transactions = List.of(transaction(Fate.RUNNING, NOW.minusSeconds(seconds)));

        assertThat(of("transactions").grade()).isEqualTo(grade);
    }

    @Test
    void onlyAModelBelowPopularityIsAFailure() {
        said(
                1_000,
                List.of(
                        new Alarm(Symptom.RECALL_BELOW_POPULARITY, 0.8, 1, 70),
                        new Alarm(Symptom.NORM_DRIFT, 3, 2, 90),
                        new Alarm(Symptom.VECTOR_AGE, 0.5, 1, 0)),
                Map.of(),
                Optional.empty());

        assertThat(findings().stream().filter(finding -> finding.check().equals("model")))
                .extracting(Finding::grade, Finding::what, Finding::why)
                .containsExactly(
                        tuple(
                                Grade.FAIL,
                                "recall-below-popularity is 0.800, beyond 1.00 since step 70",
                                Symptom.RECALL_BELOW_POPULARITY.cause()),
                        tuple(Grade.WARN, "norm-drift is 3.00, beyond 2.00 since step 90", Symptom.NORM_DRIFT.cause()));
    }

    @ParameterizedTest
    @CsvSource({"3600, OK", "3601, WARN"})
    void anHoursSilenceOfTheLearnerWarns(int seconds, Grade grade) {
        reported = NOW.minusSeconds(seconds);

        assertThat(of("model").grade()).isEqualTo(grade);
        assertThat(of("model").what()).contains("60 min"); // both round down to the hour
    }

    @Test
    void repeatsAreSaidBesideTheSetting() {
        assertThat(findings()).noneMatch(finding -> finding.check().equals("repeats")); // before any was counted

        figures.put("repeats", 0.204);
        said(1_000, List.of(), Map.of(), Optional.empty());
        assertThat(of("repeats").grade()).isEqualTo(Grade.OK);
        assertThat(of("repeats").what()).startsWith("20.4 %").contains("leave out");

        figures.put("repeat-weight.0", 6.1);
        said(1_000, List.of(), Map.of(), Optional.empty());
        assertThat(of("repeats").what()).contains("may have");
    }

    /** 50 MiB are free: of 12 MiB a day 4 days' worth. */
    @Test
    void daysUntilTheVolumesAreFullAreSaid() {
        growth = List.of(
                new TopicGrowth("clicks", 0, 2 * MIB, Optional.of(Duration.ofDays(365))),
                new TopicGrowth("answers", 9, 0, Optional.of(Duration.ofDays(7))),
                new TopicGrowth("mini-batches", 0, 10 * MIB, Optional.empty()));

        assertThat(of("growth").grade()).isEqualTo(Grade.WARN);
        assertThat(of("growth").what())
                .isEqualTo(
                        "12 MiB a day at the rate of the last hour: clicks 2 MiB, kept 365 days; mini-batches 10 MiB,"
                                + " kept for ever; at that rate the brokers' volumes are full in 4 days");
    }

    /** 50 MiB are free: of 11 MiB a day 4 days' worth, and the larger topic deletes after two; of 1 MiB, 50. */
    @Test
    void whatIsDeletedInTimeFillsNothing() {
        TopicGrowth brief = new TopicGrowth("training-examples", 0, 10 * MIB, Optional.of(Duration.ofDays(2)));
        growth = List.of(brief, new TopicGrowth("clicks", 0, MIB, Optional.empty()));

        assertThat(of("growth").grade()).isEqualTo(Grade.OK);
        assertThat(of("growth").what()).endsWith("full in 50 days");

        growth = List.of(brief);
        assertThat(of("growth").what()).doesNotContain("full");
    }

    @Test
    void sinceWhenAuditsReachIsSaid() {
        growth = List.of(
                new TopicGrowth("clicks", 0, MIB, Optional.of(Duration.ofDays(30))),
                new TopicGrowth("answers", 9, 0, Optional.of(Duration.ofDays(7))),
                new TopicGrowth("attribution-commits", 0, MIB, Optional.empty()));
        auditable = Optional.of(new Facts.Auditable(Optional.of(NOW), true, List.of("clicks", "attribution-commits")));
        assertThat(of("audits").what())
                .isEqualTo("verify --counts can audit the attribution since " + NOW
                        + ", its beginning; retention ends it: clicks (30 days)");

        auditable = Optional.of(new Facts.Auditable(Optional.of(NOW), false, List.of("attribution-commits")));
        assertThat(of("audits").what()).endsWith("since " + NOW + ", from a checkpoint written since");
    }

    @ParameterizedTest
    @CsvSource({"0, OK", "1, WARN"})
    void deadLettersOfMappedTopicsAreAWarning(long rejected, Grade grade) {
        books.put(
                "map:views",
                new Books.Account(
                        1_000,
                        0,
                        new TreeMap<>(Map.of(
                                "mapped",
                                990 - rejected,
                                "left-out: unchanged",
                                10L,
                                "rejected: bad-user",
                                rejected))));

        assertThat(of("map").grade()).isEqualTo(grade);
        assertThat(of("map").what())
                .startsWith("your own topics: 1,000 received, 0 waiting, left-out: unchanged 10, mapped "
                        + (990 - rejected));
    }

    private Finding of(String check) {
        return findings().stream()
                .filter(finding -> finding.check().equals(check))
                .findFirst()
                .orElseThrow();
    }

    private List<Finding> findings() {
        return Diagnosis.of(new Facts(
                "kafka:9092",
                new ClusterFacts(3, levels, partitions, List.of(disk), offline, Optional.of(newest), List.of()),
                topicFaults,
                otherPartitions,
                transactions,
                progress.map(said -> new Facts.Report(said, reported)),
                new Facts.Events(books, inputAlarms),
                List.of(),
                auditable,
                growth,
                heap,
                NOW,
                open));
    }

    private static Partitions partitions(
            List<String> withoutLeader, List<String> belowMinimum, List<String> belowReplicas) {
        return new Partitions(List.of("clicks", "exposures"), withoutLeader, belowMinimum, belowReplicas);
    }

    private void make(String fault) {
        switch (fault) {
            case "no leader" -> partitions = partitions(List.of("clicks-1"), List.of(), List.of());
            case "no writes" -> partitions = partitions(List.of(), List.of("clicks-2"), List.of());
            case "no replica" -> partitions = partitions(List.of(), List.of(), List.of("clicks-0"));
            case "old transactions" -> levels = Optional.of(new Levels(OptionalInt.of(29), 1));
            case "other partitions" -> otherPartitions = List.of("topic clicks has 2 partitions, not 12");
            case "lost directory" -> offline = List.of("broker 1 /data: disk error");
            // 3 × 3,000,000 × 480 bytes = 4,119 MiB, half as much again is 6,179
            case "large indexes" -> said(3_000_000, List.of(), Map.of(), Optional.empty());
            case "untrained actions" -> books.put("clicks", account(100, 0, "untrained-action", 51));
            case "alarm about events" -> {
                books.put("clicks", account(100, 0, "attributed", 100));
                inputAlarms = List.of(new InputAlarms.State(Symptom.ORPHAN_CLICKS, 0.75, 0.5, true));
            }
            case "lost end" -> transactions = List.of(transaction(Fate.COMMITTED, NOW));
            case "unknown end" -> transactions = List.of(transaction(Fate.UNDECIDED, NOW));
            case "unbalanced books" ->
                said(1_000, List.of(), Map.of("clicks", account(10, 1, "attributed", 8)), Optional.empty());
            case "withheld" -> said(1_000, List.of(), Map.of(), Optional.of("recall fell"));
            case "no learner" -> progress = Optional.empty();
            default -> throw new IllegalArgumentException(fault);
        }
    }

    private static Books.Account account(long received, long waiting, String outcome, long count) {
        return new Books.Account(received, waiting, new TreeMap<>(Map.of(outcome, count)));
    }

    private static JudgedTransaction transaction(Fate fate, Instant lastWrite) {
        return new JudgedTransaction(
                new OpenTransaction("items", 0, 7, (short) 1, 0, 42, lastWrite), Optional.of("millrace-1"), fate, "so");
    }

    /** What the learner said last. */
    private void said(int items, List<Alarm> alarms, Map<String, Books.Account> accounts, Optional<String> withheld) {
        progress = Optional.of(new TrainingProgress(
                "g1-12345678",
                100,
                12_800,
                0,
                1,
                1,
                items,
                NOW.toEpochMilli(),
                "",
                List.of(),
                RowCounts.NONE,
                0,
                ExamTotals.NONE,
                new TreeMap<>(accounts),
                new TreeMap<>(),
                new TreeMap<>(figures),
                withheld,
                alarms));
    }
}
