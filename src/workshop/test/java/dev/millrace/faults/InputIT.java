package dev.millrace.faults;

import static dev.millrace.state.Outcome.DUPLICATE;
import static dev.millrace.state.Outcome.LATE;
import static dev.millrace.state.Outcome.ORPHAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.millrace.cli.MillraceProcess;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.state.Books;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What producers and clocks get wrong: nothing of it reaches the model, and the books say what it was. */
@Tag("fault")
@Tag("slow")
class InputIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);

    /** A larger value is left out of its dead letter. */
    private static final int LARGEST_LETTER = 1_000_000;

    private static final List<Path> FAKE_CLOCKS = List.of(
            Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib64/faketime/libfaketimeMT.so.1"));

    @Test
    @Tag("long")
    void f19_poisonIsRejectedAndAllElseIsAsWithoutIt() throws Exception {
        double clean;
        try (Experiment run = Experiment.begin("F19-clean", "", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            run.load(STREAM);
            clean = eventsPerSecond(run, STREAM, undisturbed);
            run.outcome();
        }
        try (Experiment run = Experiment.begin("F19", "1 % poison in every input topic", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            // the owner of the topic lets producers send what unpacks to more
            run.set("kafka.max.request.size", Integer.toString(16 << 20));
            PoisonedStream poisoned = new PoisonedStream(STREAM, "poison", all -> all);
            run.load(poisoned);
            Outcome expected = poisoned.rejectedOf(undisturbed);

            double disturbed = eventsPerSecond(run, poisoned, expected);

            run.note(String.format(
                    Locale.ROOT,
                    "%.0f events/s from the start of the process to the last step; without poison %.0f",
                    disturbed,
                    clean));
            assertThat(letters(run.deadLetters())).isEqualTo(doses(poisoned.poison()));
            run.judge(expected, Judgement.Demand.SAME_LOG);
        }
    }

    private static double eventsPerSecond(Experiment run, Input input, Outcome expected) throws Exception {
        long begin = System.nanoTime();
        run.train();
        run.awaitBooks(expected.books());
        return input.sent().values().stream().mapToLong(Long::longValue).sum() / ((System.nanoTime() - begin) / 1e9);
    }

    /** How many of each topic, reason and value there are; a value that was left out for its size counts as any. */
    private static SortedMap<String, Integer> doses(List<Poison.Dose> doses) {
        SortedMap<String, Integer> counts = new TreeMap<>();
        doses.forEach(
                dose -> counts.merge(named(dose.topic(), dose.reason(), dose.key(), dose.value()), 1, Integer::sum));
        return counts;
    }

    private static SortedMap<String, Integer> letters(List<TopicRecord> letters) {
        SortedMap<String, Integer> counts = new TreeMap<>();
        for (TopicRecord letter : letters) {
            Map<String, String> headers = letter.headers();
            counts.merge(
                    named(
                            headers.getOrDefault("__streams.errors.topic", ""),
                            headers.getOrDefault("millrace.reject.reason", ""),
                            letter.key(),
                            letter.value()),
                    1,
                    Integer::sum);
        }
        return counts;
    }

    private static String named(String topic, String reason, byte[] key, Optional<byte[]> value) {
        return topic + " " + reason + " " + Arrays.hashCode(key) + " "
                + value.filter(bytes -> bytes.length <= LARGEST_LETTER)
                        .map(bytes -> bytes.length + ":" + Arrays.hashCode(bytes))
                        .orElse("none");
    }

    @Test
    @Tag("long")
    void f20_producersWithOtherSchemasAreReadOrRejected() throws Exception {
        try (Experiment run =
                Experiment.begin("F20", "writers' schemas: other, leaner, reordered, renamed, unfit", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            Path schemas = run.directory().resolve("schemas");
            EvolvedStream.writeSchemas(schemas);
            run.set("schema.directory", schemas.toString());
            EvolvedStream evolved = new EvolvedStream(STREAM);

            run.load(evolved);
            run.train();

            run.judge(evolved.rejectedOf(undisturbed), Judgement.Demand.SAME_LOG);
            assertThat(evolved.sent()).isNotEqualTo(STREAM.sent());
        }
    }

    @Test
    @Tag("long")
    void f21_duplicatesOnBothSidesOfAKillChangeOnlyTheirCounts() throws Exception {
        int half = STREAM.moments() / 2;
        Outcome once;
        try (Experiment run = Experiment.begin("F21-once", "", 1)) {
            sendRepeated(run, 0, half, new TreeMap<>(), 1);
            readAll(run, half, Map.of());
            run.stopTrainers();
            sendRepeated(run, half, STREAM.moments(), new TreeMap<>(), 1);
            readAll(run, STREAM.moments(), Map.of());
            once = run.outcome();
        }
        try (Experiment run = Experiment.begin("F21", "each event one to three times, on both sides of a SIGKILL", 1)) {
            SortedMap<String, Long> repeats = new TreeMap<>();
            sendRepeated(run, 0, half, repeats, 3);
            TrainerProcess trainer = readAll(run, half, repeats);
            trainer.kill();

            long before = sum(repeats);
            sendAgain(run, half, repeats);
            run.note(sum(repeats) - before + " events of before the kill sent again after it");
            sendRepeated(run, half, STREAM.moments(), repeats, 3);
            TrainerProcess second = run.train();
            run.awaitStep(once.step() * (60 + run.random().nextInt(30)) / 100);
            run.note("at step " + run.step());
            second.kill();
            readAll(run, STREAM.moments(), repeats);

            run.note(repeats + " duplicates");
            Outcome expected = once;
            for (Map.Entry<String, Long> topic : repeats.entrySet()) {
                expected = expected.and(topic.getKey(), "duplicate", topic.getValue());
            }
            run.judge(expected, Judgement.Demand.SAME_LOG);
        }
    }

    /** Sends each event once and up to so often; what repeats is counted. */
    private static void sendRepeated(Experiment run, int from, int to, SortedMap<String, Long> repeats, int mostTimes) {
        try (EventProducer producer = run.producer()) {
            if (from == 0) {
                SeededStream.sendUsers(producer);
            }
            SeededStream.Sink sink = new SeededStream.Sink() {
                @Override
                public void exposure(Exposure exposure) {
                    times("exposures", () -> producer.send(exposure));
                }

                @Override
                public void click(Click click) {
                    times("clicks", () -> producer.send(click));
                }

                private void times(String topic, Runnable send) {
                    int times = 1 + run.random().nextInt(mostTimes);
                    for (int time = 0; time < times; time++) {
                        send.run();
                    }
                    repeats.merge(topic, times - 1L, Long::sum);
                }
            };
            for (int number = from; number < to; number++) {
                STREAM.emit(number, sink);
            }
            producer.flush();
        }
    }

    /** Sends every other event of the beginning again. */
    private static void sendAgain(Experiment run, int to, SortedMap<String, Long> repeats) {
        try (EventProducer producer = run.producer()) {
            SeededStream.Sink sink = new SeededStream.Sink() {
                @Override
                public void exposure(Exposure exposure) {
                    if (run.random().nextBoolean()) {
                        producer.send(exposure);
                        repeats.merge("exposures", 1L, Long::sum);
                    }
                }

                @Override
                public void click(Click click) {
                    if (run.random().nextBoolean()) {
                        producer.send(click);
                        repeats.merge("clicks", 1L, Long::sum);
                    }
                }
            };
            for (int number = 0; number < to; number++) {
                STREAM.emit(number, sink);
            }
            producer.flush();
        }
    }

    /** Starts a trainer on what was sent, and waits until it has read and learnt that. */
    private static TrainerProcess readAll(Experiment run, int to, Map<String, Long> repeats) throws Exception {
        TrainerProcess trainer = run.train();
        SortedMap<String, Long> sent = STREAM.sent(to);
        repeats.forEach((topic, count) -> sent.merge(topic, count, Long::sum));
        run.awaitRead(sent);
        return trainer;
    }

    private static long sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    @Test
    @Tag("long")
    void f22_eventsOutOfOrderComeToTheSameExamples() throws Exception {
        ShuffledStream ordered = new ShuffledStream(STREAM, 0);
        ShuffledStream shuffled = new ShuffledStream(STREAM, 29_000); // clicks wait for 30 s
        try (Experiment run = Experiment.begin("F22", "events up to 29 s late, SIGKILL between", 1)) {
            Outcome inOrder = run.undisturbed(ordered);
            Outcome undisturbed = run.undisturbed(shuffled);
            run.load(shuffled);

            run.train();
            run.awaitStep(undisturbed.step() / 2);
            run.note("at step " + run.step());
            run.stopTrainers();
            TrainerProcess killed = run.train();
            run.awaitStep(undisturbed.step() * 2 / 3);
            killed.kill();
            run.train();

            Books.Account clicks = undisturbed.books().getOrDefault("clicks", Books.Account.EMPTY);
            run.note(shuffled.early() + " clicks came before their exposures; " + clicks.outcomes());
            assertThat(shuffled.early()).isGreaterThan(1_000);
            assertThat(clicks.outcome(LATE)).isPositive();
            assertThat(clicks.outcome(ORPHAN)).isPositive();
            assertThat(clicks.outcome(DUPLICATE)).isPositive();
            // what becomes of each event does not depend on the order, only what the user had done before does
            assertThat(undisturbed.books()).isEqualTo(inOrder.books());
            assertThat(new HashSet<>(undisturbed.exampleIds())).isEqualTo(new HashSet<>(inOrder.exampleIds()));
            assertThat(undisturbed.exampleIds()).isNotEqualTo(inOrder.exampleIds());
            run.judge(undisturbed, Judgement.Demand.SAME_LOG);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"+2h", "-2h", "-1d"})
    @Tag("long")
    void f23_neitherTheTrainersClockNorTimesOfOtherCenturiesChangeAnything(String shift) throws Exception {
        Optional<Path> fakeClock = FAKE_CLOCKS.stream().filter(Files::exists).findFirst();
        assumeThat(fakeClock).as("libfaketimeMT.so.1, of the package faketime").isPresent();
        try (Experiment run =
                Experiment.begin("F23" + shift, "trainer's clock " + shift + ", times 1970 and 2100", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            PoisonedStream poisoned = new PoisonedStream(STREAM, "times", Poison::times);
            run.load(poisoned);

            // begins by the right clock, goes on by a wrong one
            run.train();
            run.awaitStep(undisturbed.step() / 3);
            run.stopTrainers();
            TrainerProcess wrong = run.train(
                    MillraceProcess.Launch.PROGRAM.with(shifted(fakeClock.orElseThrow(), shift)),
                    "state",
                    List.of("train"));
            wrong.awaitReady();
            run.note("ready at step " + run.step());

            run.judge(poisoned.rejectedOf(undisturbed), Judgement.Demand.SAME_LOG);
        }
    }

    private static Map<String, String> shifted(Path fakeClock, String shift) {
        return Map.of(
                "LD_PRELOAD",
                fakeClock.toString(),
                "FAKETIME",
                shift,
                "DONT_FAKE_MONOTONIC",
                "1",
                // else timed waits, which count by the monotonic clock, end at once
                "FAKETIME_FORCE_MONOTONIC_FIX",
                "0");
    }
}
