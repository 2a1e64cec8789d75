package dev.millrace.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokensTest {

    private static final String DIGEST = "sha256:" + Sha256.hex("a-token");

    private Path file = Path.of("");

    @BeforeEach
    void name(@TempDir Path folder) {
        file = folder.resolve("tokens");
    }

    @Test
    void aTokenHasTheRoleAndTheNameOfItsLine() throws Exception {
        Files.writeString(
                file,
                "# who may ask\n\nread  " + DIGEST + "  # the feed\n\tadmin sha256:"
                        + Sha256.hex("another").toUpperCase(java.util.Locale.ROOT) + "\tann@example.org # on call\n");

        try (Tokens tokens = new Tokens("serve.tokens.file", file)) {
            assertThat(tokens.bearerOf("a-token")).contains(new Bearer(Role.READ, DIGEST.substring(0, 19)));
            assertThat(tokens.bearerOf("another")).contains(new Bearer(Role.ADMIN, "ann@example.org"));
            assertThat(tokens.bearerOf(Sha256.hex("a-token"))).isEmpty();
            assertThat(tokens.bearerOf("")).isEmpty();
        }
    }

    @Test
    void aTokenOfTwoLinesHasTheLargerRole() throws Exception {
        Files.writeString(file, "read " + DIGEST + " one\nwrite " + DIGEST + " two\nread " + DIGEST + " three\n");

        try (Tokens tokens = new Tokens("serve.tokens.file", file)) {
            assertThat(tokens.bearerOf("a-token")).contains(new Bearer(Role.WRITE, "two"));
        }
    }

    @Test
    void aRoleIncludesThoseBeforeIt() {
        assertThat(Role.WRITE.includes(Role.READ)).isTrue();
        assertThat(Role.READ.includes(Role.READ)).isTrue();
        assertThat(Role.READ.includes(Role.WRITE)).isFalse();
        assertThat(Role.ADMIN.includes(Role.WRITE)).isTrue();
        assertThat(Role.WRITE.includes(Role.ADMIN)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | has no token",
                "'# only a comment' | has no token",
                "'read a-token' | line 1 must be <role> sha256:<64 hexadecimal digits>, the role read or write",
                "'# who\nREAD sha256:%s' | line 2 must be",
                "'root sha256:%s' | line 1 must be",
                "'read sha256:%s1' | line 1 must be",
                "'admin sha256:%s ann on call' | and may end with a name",
                "'admin sha256:%s <ann>' | and may end with a name",
            })
    void faultsOfFilesDoNotShowTheirText(String text, String why) throws IOException {
        Files.writeString(file, text.formatted(Sha256.hex("a-token")));

        assertThatThrownBy(() -> new Tokens("serve.tokens.file", file))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("serve.tokens.file = " + file + ": ")
                .hasMessageContaining(why)
                .hasMessageNotContaining("a-token");
    }

    @Test
    void aFileThatIsAbsentIsAFaultOfItsSetting() {
        assertThatThrownBy(() -> new Tokens("serve.tokens.file", file))
                .hasMessageContaining("cannot be read: java.nio.file.NoSuchFileException");
    }
}
