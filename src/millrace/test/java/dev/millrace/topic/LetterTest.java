package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Utf8;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.TopicRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LetterTest {

    private static final Map<String, String> ORIGIN = Map.of(
            DeadLetterHeaders.TOPIC, "clicks",
            DeadLetterHeaders.PARTITION, "1",
            DeadLetterHeaders.OFFSET, "17");

    @Test
    void aValueIsShownAsFarAsAReaderCanUseIt() {
        assertThat(letter(Optional.empty(), Map.of()).value()).isEqualTo("none");
        assertThat(letter(text("{\"a\": 1}"), Map.of()).value()).isEqualTo("{\"a\": 1}");
        assertThat(letter(text("{" + "a".repeat(2_500)), Map.of()).value()).isEqualTo("{" + "a".repeat(1_999) + "…");
        assertThat(letter(Optional.of(new byte[] {1, -1}), Map.of()).value()).isEqualTo("2 bytes: 01ff");
        assertThat(letter(Optional.of(new byte[65]), Map.of()).value()).isEqualTo("65 bytes: " + "00".repeat(64) + "…");
        assertThat(letter(Optional.empty(), Map.of(DeadLetterHeaders.LEFT_OUT, "1200000"))
                        .value())
                .isEqualTo("1200000 bytes, left out here, still at its origin");
    }

    @Test
    void aValueThatIsTextIsShownAsText() {
        assertThat(letter(text("not json"), Map.of()).value()).isEqualTo("not json");
        assertThat(letter(text("[1,\n\t\"käse 😀\"]"), Map.of()).value()).isEqualTo("[1,\n\t\"käse 😀\"]");
        assertThat(letter(text("a".repeat(2_001)), Map.of()).value()).isEqualTo("a".repeat(2_000) + "…");
    }

    /** A sequence for a terminal, a sign that turns the order of letters, half a letter, nothing to see. */
    @Test
    void aValueThatIsNoPrintableTextIsShownAsBytes() {
        assertThat(letter(text("\u001b[2J"), Map.of()).value()).isEqualTo("4 bytes: 1b5b324a");
        assertThat(letter(text("{\u001b[2J"), Map.of()).value()).as("not JSON").isEqualTo("5 bytes: 7b1b5b324a");
        assertThat(letter(text("\u202e"), Map.of()).value()).isEqualTo("3 bytes: e280ae");
        assertThat(letter(Optional.of(new byte[] {'a', (byte) 0xc3}), Map.of()).value())
                .isEqualTo("2 bytes: 61c3");
        assertThat(letter(text(" "), Map.of()).value()).isEqualTo("1 bytes: 20");
        assertThat(letter(text(""), Map.of()).value()).isEqualTo("0 bytes: ");
    }

    @Test
    void programsAreToldWhereItCameFrom() {
        assertThat(letter(Optional.empty(), ORIGIN).row())
                .containsEntry("from", Map.of("topic", "clicks", "partition", 1, "offset", 17L));
        assertThat(letter(Optional.empty(), Map.of()).row()).doesNotContainKey("from");
    }

    /** Whoever may write to the topic chooses the headers. */
    @ParameterizedTest
    @ValueSource(strings = {"", "one", "-1", "99999999999999999999"})
    void anOriginThatIsNoneIsLeftOut(String given) {
        Map<String, String> headers = new HashMap<>(ORIGIN);
        headers.put(DeadLetterHeaders.OFFSET, given);
        assertThat(letter(Optional.empty(), headers).row()).doesNotContainKey("from");

        headers.putAll(ORIGIN);
        headers.put(DeadLetterHeaders.PARTITION, given);
        assertThat(letter(Optional.empty(), headers).row()).doesNotContainKey("from");
    }

    @Test
    void longTextsAreCut() {
        String text = "b".repeat(3_000);
        Map<String, Object> row = new Letter(new TopicRecord(
                        "dead-letters",
                        Utf8.bytes(text),
                        Optional.empty(),
                        0,
                        0,
                        0,
                        Map.of(DeadLetterHeaders.MESSAGE, text, DeadLetterHeaders.REASON, text)))
                .row();

        assertThat(row).containsEntry("key", "b".repeat(2_000) + "…");
        assertThat(row.get("message")).isEqualTo(row.get("key"));
        assertThat(row.get("reason")).isEqualTo(row.get("key"));
    }

    private static Optional<byte[]> text(String text) {
        return Optional.of(Utf8.bytes(text));
    }

    private static Letter letter(Optional<byte[]> value, Map<String, String> headers) {
        return new Letter(new TopicRecord("dead-letters", Utf8.bytes("u1"), value, 0, 0, 0, headers));
    }
}
