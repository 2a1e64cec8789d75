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

class TokenDigestsTest {

    private static final String DIGEST = "sha256:" + Sha256.hex("a-token");

    private Path file = Path.of("");

    @BeforeEach
    void name(@TempDir Path folder) {
        file = folder.resolve("tokens");
    }

    @Test
    void aTokenHasTheRoleOfItsLine() throws Exception {
        Files.writeString(
                file,
                "# who may ask\n\nread  " + DIGEST + "  # the feed\n\twrite sha256:"
                        + Sha256.hex("another").toUpperCase(java.util.Locale.ROOT) + "\n");

        TokenDigests tokens = TokenDigests.read(file);

        assertThat(tokens.roleOf("a-token")).contains(Role.READ);
        assertThat(tokens.roleOf("another")).contains(Role.WRITE);
        assertThat(tokens.roleOf(Sha256.hex("a-token"))).isEmpty();
        assertThat(tokens.roleOf("")).isEmpty();
    }

    @Test
    void aTokenOfTwoLinesHasTheLargerRole() throws Exception {
        Files.writeString(file, "write " + DIGEST + "\nread " + DIGEST + "\n");

        assertThat(TokenDigests.read(file).roleOf("a-token")).contains(Role.WRITE);
    }

    @Test
    void aRoleIncludesThoseBeforeIt() {
        assertThat(Role.WRITE.includes(Role.READ)).isTrue();
        assertThat(Role.READ.includes(Role.READ)).isTrue();
        assertThat(Role.READ.includes(Role.WRITE)).isFalse();
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
            })
    void aFileThatCannotBeUsedIsAFaultOfItsSettingWithoutItsText(String text, String why) throws IOException {
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
