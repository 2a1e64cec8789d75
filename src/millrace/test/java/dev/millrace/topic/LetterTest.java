package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Utf8;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.TopicRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LetterTest {

    private static final Map<String, String> ORIGIN = Map.of(
            DeadLetterHeaders.TOPIC, "clicks",
            DeadLetterHeaders.PARTITION, "1",
            DeadLetterHeaders.OFFSET, "17");

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of(Utf8.bytes("{\"a\": 1}"), "{\"a\": 1}"),
                Arguments.of(Utf8.bytes("not json"), "not json"),
                Arguments.of(Utf8.bytes("[1,\n\t\"käse 😀\"]"), "[1,\n\t\"käse 😀\"]"),
                Arguments.of(Utf8.bytes("a".repeat(2_001)), "a".repeat(2_000) + "…"),
                // a sequence for a terminal, a sign that turns the order of letters, half a letter, nothing to see
                Arguments.of(Utf8.bytes("\u001b[2J"), "4 bytes: 1b5b324a"),
                Arguments.of(Utf8.bytes("{\u001b[2J"), "5 bytes: 7b1b5b324a"),
                Arguments.of(Utf8.bytes("\u202e"), "3 bytes: e280ae"),
                Arguments.of(new byte[] {'a', (byte) 0xc3}, "2 bytes: 61c3"),
                Arguments.of(Utf8.bytes(" "), "1 bytes: 20"),
                Arguments.of(Utf8.bytes(""), "0 bytes: "),
                Arguments.of(new byte[] {1, -1}, "2 bytes: 01ff"),
                Arguments.of(new byte[65], "65 bytes: " + "00".repeat(64) + "…"));
    }

    @ParameterizedTest
    @MethodSource("values")
    void valuesAreShownAsTextOrBytes(byte[] value, String shown) {
        assertThat(letter(Optional.of(value), Map.of()).value()).isEqualTo(shown);
    }

    @Test
    void aValueThatIsNotThereIsSaidToBeElsewhereOrNone() {
        assertThat(letter(Optional.empty(), Map.of()).value()).isEqualTo("none");
        assertThat(letter(Optional.empty(), Map.of(DeadLetterHeaders.LEFT_OUT, "1200000"))
                        .value())
                .startsWith("1200000 bytes, left out");
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

    private static Letter letter(Optional<byte[]> value, Map<String, String> headers) {
        return new Letter(new TopicRecord("dead-letters", Utf8.bytes("u1"), value, 0, 0, 0, headers));
    }
}
