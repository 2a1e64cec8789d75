package dev.millrace.faults;

import static dev.millrace.state.Outcome.DUPLICATE;
import static dev.millrace.state.Outcome.LATE;
import static dev.millrace.state.Outcome.ORPHAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.millrace.cli.MillraceProcess;
import dev.millrace.state.Books;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
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
        PoisonedStream poisoned = new PoisonedStream(STREAM, "");
        try (Experiment run = Experiment.begin("F19", "1 % poison in every input topic", 1)) {
            Outcome expected = poisoned.rejectedOf(run.undisturbed(STREAM));
            // the owner of the topic lets producers send what unpacks to more
            run.set("kafka.max.request.size", Integer.toString(16 << 20));
            run.load(poisoned);

            run.train();
            run.awaitBooks(expected.books());

            assertThat(run.deadLetters().stream().map(InputIT::letter))
                    .containsExactlyInAnyOrderElementsOf(
                            poisoned.doses().stream().map(InputIT::letter).toList());
            run.judge(expected, Judgement.Demand.SAME_LOG);
        }
    }

    private static String letter(Poison.Dose dose) {
        return letter(dose.topic(), dose.reason(), dose.key(), dose.value());
    }

    private static String letter(TopicRecord letter) {
        return letter(
                letter.headers().getOrDefault("__streams.errors.topic", ""),
                letter.headers().getOrDefault("millrace.reject.reason", ""),
                letter.key(),
                letter.value());
    }

    /** A value that was left out for its size is as good as any. */
    private static String letter(String topic, String reason, byte[] key, Optional<byte[]> value) {
        return topic + " " + reason + " " + Arrays.hashCode(key) + " "
                + value.filter(bytes -> bytes.length <= LARGEST_LETTER)
                        .map(bytes -> bytes.length + ":" + Arrays.hashCode(bytes));
    }

    @Test
    @Tag("long")
    void f20_producersWithOtherSchemasAreReadOrRejected() throws Exception {
        EvolvedStream evolved = new EvolvedStream(STREAM);
        String what = "writers' schemas: other, leaner, reordered, renamed, unfit";
        Experiment.sameLog("F20", what, evolved, (run, expected) -> {
            Path schemas = run.directory().resolve("schemas");
            EvolvedStream.writeSchemas(schemas);
            run.set("schema.directory", schemas.toString());
            run.train();
        });
        assertThat(evolved.sent()).isNotEqualTo(STREAM.sent());
    }

    @Test
    @Tag("long")
    void f21_duplicatesAroundAKillChangeOnlyTheirCounts() throws Exception {
        int half = STREAM.moments() / 2;
        Input first = STREAM.part(0, half);
        Input second = STREAM.part(half, STREAM.moments());
        Outcome once;
        try (Experiment run = Experiment.begin("F21-once", "", 1)) {
            run.load(first);
            readAll(run, first, Map.of());
            run.stopTrainers();
            run.load(second);
            readAll(run, STREAM, Map.of());
            once = run.outcome();
        }
        try (Experiment run = Experiment.begin("F21", "each event one to three times, on both sides of a SIGKILL", 1)) {
            SortedMap<String, Long> repeats = new TreeMap<>();
            sendCopies(run, first, 1, 2, repeats);
            TrainerProcess trainer = readAll(run, first, repeats);
            trainer.kill();
            sendCopies(run, first, 0, 1, repeats);
            run.note("some events of before the kill were sent again after it");
            sendCopies(run, second, 1, 2, repeats);
            TrainerProcess again = run.train();
            run.awaitStep(once.step() * (60 + run.random().nextInt(30)) / 100);
            run.note("at step " + run.step());
            again.kill();
            readAll(run, STREAM, repeats);
            run.note(repeats + " duplicates");
            Outcome expected = once;
            for (Map.Entry<String, Long> topic : repeats.entrySet()) {
                expected = expected.and(topic.getKey(), "duplicate", topic.getValue());
            }
            run.judge(expected, Judgement.Demand.SAME_LOG);
        }
    }

    /** Sends each event that often at least and up to some times more, which are counted; profiles as they are. */
    private static void sendCopies(Experiment run, Input events, int least, int more, SortedMap<String, Long> repeats) {
        try (EventProducer producer = run.producer()) {
            events.each(event -> {
                boolean isProfile = event.topic().equals("users");
                int repeated = isProfile ? 0 : run.random().nextInt(more + 1);
                for (int left = least + repeated; left > 0; left--) {
                    event.sending().accept(producer);
                }
                if (!isProfile) {
                    repeats.merge(event.topic(), (long) repeated, Long::sum);
                }
            });
            producer.flush();
        }
    }

    /** Starts a trainer on what was sent, and waits until it has read and learnt that. */
    private static TrainerProcess readAll(Experiment run, Input events, Map<String, Long> repeats) throws Exception {
        TrainerProcess trainer = run.train();
        SortedMap<String, Long> sent = events.sent();
        repeats.forEach((topic, count) -> sent.merge(topic, count, Long::sum));
        run.awaitRead(sent);
        return trainer;
    }

    @Test
    @Tag("long")
    void f22_eventsOutOfOrderComeToTheSameExamples() throws Exception {
        ShuffledStream ordered = new ShuffledStream(STREAM, 0);
        ShuffledStream shuffled = new ShuffledStream(STREAM, 29_000); // clicks wait for 30 s
        Experiment.sameLog("F22", "events up to 29 s late, SIGKILL between", shuffled, (run, expected) -> {
            Outcome inOrder = run.undisturbed(ordered);
            run.train();
            run.awaitStep(expected.step() / 2);
            run.stopTrainers();
            TrainerProcess killed = run.train();
            run.awaitStep(expected.step() * 2 / 3);
            killed.kill();
            run.train();
            Books.Account clicks = expected.books().getOrDefault("clicks", Books.Account.EMPTY);
            run.note(shuffled.early() + " clicks came before their exposures; " + clicks.outcomes());
            assertThat(shuffled.early()).isGreaterThan(1_000);
            assertThat(List.of(LATE, ORPHAN, DUPLICATE))
                    .allSatisfy(each -> assertThat(clicks.outcome(each)).isPositive());
            // what becomes of each event does not depend on the order, only what the user had done before does
            assertThat(expected.books()).isEqualTo(inOrder.books());
            assertThat(new HashSet<>(expected.exampleIds())).isEqualTo(new HashSet<>(inOrder.exampleIds()));
            assertThat(expected.exampleIds()).isNotEqualTo(inOrder.exampleIds());
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"+2h", "-2h", "-1d"})
    @Tag("long")
    void f23_otherClocksAndCenturiesChangeNothing(String shift) throws Exception {
        Optional<Path> fakeClock = FAKE_CLOCKS.stream().filter(Files::exists).findFirst();
        assumeThat(fakeClock).as("libfaketimeMT.so.1, of the package faketime").isPresent();
        String what = "trainer's clock " + shift + ", times 1970 and 2100";
        Experiment.sameLog("F23" + shift, what, new PoisonedStream(STREAM, "bad-time"), (run, expected) -> {
            // begins by the right clock, goes on by a wrong one
            run.train();
            run.awaitStep(expected.step() / 3);
            run.stopTrainers();
            TrainerProcess wrong = run.train(
                    MillraceProcess.Launch.PROGRAM.with(shifted(fakeClock.orElseThrow(), shift)),
                    "state",
                    List.of("train"));
            wrong.awaitReady();
            run.note("ready at step " + run.step());
        });
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
