package dev.millrace.wire;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.avro.ClickEvent;
import dev.millrace.event.Click;
import dev.millrace.event.RejectReason;
import dev.millrace.stream.Streams;
import dev.millrace.wire.FakeRegistry.Answer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry has the schema of clicks under 1, and one question for every client: the list of subjects. */
@Tag("slow")
class ConfluentRegistryTest {

    private static final Click CLICK = Streams.click("c1", "u1", "i1", T0);

    private static final byte[] SINGLE_OBJECT = new EventRecords(new AvroWire(new WireSettings(
                    WireSettings.Format.SINGLE_OBJECT, Optional.empty(), "", Optional.empty(), Streams.limits())))
            .encode("clicks", CLICK);

    private final AtomicLong clock = new AtomicLong(Duration.ofDays(1).toNanos());
    private final FakeRegistry registry = new FakeRegistry(clock);
    private final EventRecords records = new EventRecords(wire());

    @BeforeEach
    void register() {
        registry.add(registry.schema(ClickEvent.getClassSchema().toString()));
    }

    @AfterEach
    void stop() {
        registry.stop();
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 400, 401, 403, 404, 408, 422, 429, 500, 503})
    void anIdThatTheRegistryRefusesRejectsItsRecord(int status) {
        registry.answers.put("/schemas/ids/98", new Answer(status, "{}"));
        registry.answers.put("/schemas/ids/99", new Answer(status, "{\"error_code\": 40301}"));

        assertRejected(() -> records.click(click(98)), "/schemas/ids/98 answered " + status); // at a fresh start
        assertThat(records.click(click(1))).isEqualTo(CLICK);
        registry.asked.clear();
        assertRejected(() -> records.click(click(99)), "/schemas/ids/99 answered " + status);

        assertThat(registry.asked).endsWith("/schemas/ids/99", "/schemas/ids/1").doesNotContain("/subjects?limit=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no JSON", "{}", "[]", "{\"schema\": 1}"})
    void senselessAnswersRejectTheRecord(String body) {
        registry.answers.put("/schemas/ids/99", new Answer(200, body));

        assertRejected(() -> records.click(click(99)), "/schemas/ids/99");
    }

    @Test
    void endlessAnswersRejectTheRecord() {
        records.click(click(1));
        registry.answers.put("/schemas/ids/99", Answer.WITHOUT_END);

        assertRejected(() -> records.click(click(99)), "/schemas/ids/99 was not answered");
    }

    /** Credentials that are wrong, a proxy that forbids everything, a URL with a wrong path, one of another server. */
    @ParameterizedTest
    @CsvSource({"401, {}", "403, {}", "404, {}", "400, {}", "200, <html>", "302, {}"})
    void aRegistryThatAnswersEverythingAlikeIsToBlame(int status, String body) {
        registry.all = Optional.of(new Answer(status, body));

        assertThatThrownBy(() -> records.click(click(1)))
                .isInstanceOf(RegistryUnreachableException.class)
                .hasMessageContaining("/schemas/ids/1");
        assertThat(registry.asked).contains("/subjects?limit=1");

        registry.all = Optional.empty();
        assertThat(records.click(click(1)))
                .as("what was not the record's fault")
                .isEqualTo(CLICK);
    }

    @Test
    void aRegistryThatRefusesWhatItGaveBeforeIsToBlame() {
        records.click(click(1));
        registry.all = Optional.of(new Answer(401, "{}"));

        assertThatThrownBy(() -> records.click(click(99)))
                .isInstanceOf(RegistryUnreachableException.class)
                .hasMessageContaining("/schemas/ids/99 answered 401")
                .hasMessageContaining("/schemas/ids/1 answered 401");
    }

    @Test
    void aRegistryThatIsDownIsToBlame() {
        records.click(click(1));
        registry.stop();

        assertThatThrownBy(() -> records.click(click(99))).isInstanceOf(RegistryUnreachableException.class);
    }

    @Test
    void aSchemaThatWasDeletedDoesNotSpeakForTheRegistry() {
        records.click(click(1));
        registry.answers.put("/schemas/ids/1", new Answer(404, "{}"));

        assertRejected(() -> records.click(click(99)), "/schemas/ids/99 answered 404");
    }

    @Test
    void whoMayNotListTheSubjectsRejectsARecordAllTheSame() {
        registry.answers.put("/subjects", new Answer(403, "{}"));
        registry.answers.put("/schemas/types", new Answer(200, "[\"AVRO\"]"));

        assertRejected(() -> records.click(click(99)), "/schemas/ids/99 answered 404");
    }

    @Test
    void aFailedIdIsAskedForAgain() {
        registry.answersOnce.put("/schemas/ids/1", new Answer(500, "{\"error_code\": 50001}"));

        assertThat(records.click(click(1))).isEqualTo(CLICK);
    }

    @Test
    void missingIdsAreRememberedForAMinute() {
        assertRejected(() -> records.click(click(99)), "404");
        for (int record = 0; record < 200; record++) {
            assertRejected(() -> records.click(click(99)), "404");
        }
        assertThat(registry.asked).containsOnlyOnce("/schemas/ids/99");

        clock.addAndGet(Duration.ofHours(1).toNanos());
        assertRejected(() -> records.click(click(99)), "404");
        clock.addAndGet(Duration.ofSeconds(59).toNanos());
        assertRejected(() -> records.click(click(99)), "404");
        assertThat(registry.asked.stream().filter("/schemas/ids/99"::equals)).hasSize(2);

        registry.answers.put("/schemas/ids/99", registry.answers.get("/schemas/ids/1"));
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(records.click(click(99))).isEqualTo(CLICK);
    }

    @Test
    void missingIdsHoldOthersUpForFiveSecondsAMinute() {
        records.click(click(1));
        registry.perQuestion = Duration.ofMillis(500); // so 1 s for an id: it is asked for, then the known one

        for (int id = 1_000; id < 2_000; id++) {
            int missing = id;
            assertRejected(() -> records.click(click(missing)), "schema");
        }
        // 5 s, and what is added in that time (5 s a minute): 5.4 s, which the sixth goes beyond
        assertThat(missingAsked()).isEqualTo(6);
        assertThatCode(() -> records.click(click(1))).doesNotThrowAnyException();

        clock.addAndGet(Duration.ofMinutes(1).toNanos());
        assertRejected(() -> records.click(click(2_000)), "404");
        assertThat(missingAsked()).isEqualTo(7);
    }

    @Test
    void ownRecordsAreLookedUpDespiteMissingIds() {
        AvroWire wire = wire();
        EventRecords foreign = new EventRecords(wire);
        registry.perQuestion = Duration.ofSeconds(5);
        assertRejected(() -> foreign.click(click(99)), "404");
        assertRejected(() -> foreign.click(click(1)), "was not asked for");

        assertThat(AvroBytes.decode(wire, ClickEvent.class, click(1)).getClickId())
                .isEqualTo("c1");
    }

    @Test
    void anAnswerIsShownInPartOnly() {
        registry.answers.put("/schemas/ids/99", new Answer(403, "x".repeat(100_000)));

        assertThatThrownBy(() -> records.click(click(99)))
                .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(400));
    }

    private AvroWire wire() {
        return registry.wire(WireSettings.Format.SINGLE_OBJECT, "");
    }

    /** A good click, under an id of the registry. */
    private static byte[] click(int id) {
        return ByteBuffer.allocate(SINGLE_OBJECT.length - 5)
                .put((byte) 0)
                .putInt(id)
                .put(SINGLE_OBJECT, 10, SINGLE_OBJECT.length - 10)
                .array();
    }

    private static void assertRejected(ThrowingCallable read, String why) {
        assertThatThrownBy(read)
                .isInstanceOfSatisfying(
                        UndecodableException.class,
                        refused -> assertThat(refused.rejected().reason()).isEqualTo(RejectReason.UNKNOWN_SCHEMA))
                .hasMessageContaining(why);
    }

    /** Questions for the ids that no test registers. */
    private long missingAsked() {
        return registry.asked.stream()
                .filter(path -> path.matches("/schemas/ids/\\d{4}"))
                .count();
    }
}
