package dev.millrace.offpolicy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.replay.RealData;
import dev.millrace.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PropensityLogTest {

    private static final String HEADER = "timestamp,item_id,position,click,propensity_score\n";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void rowsOfOpenBanditAreReadAsTheyAre() throws IOException {
        PropensityLog log = new PropensityLog(file("log.csv", HEADER + "t,a,1,0,0.25\nt,b,3,1,1\n"), false);

        assertThat(log.shown())
                .containsExactly(
                        new Shown(0, 0, 1, false, 0.25, 0, 0, 0), // each row is a user of its own
                        new Shown(1, 1, 3, true, 1, 0, 0, 0));
        assertThat(log.againstUniform()).extracting(Shown::candidate).containsExactly(0.5, 0.5);
    }

    @Test
    void furtherColumnsHoldUsersAndTheCandidate() throws IOException {
        Path file = file(
                "log.csv",
                """
                user_id,item_id,position,click,propensity_score,candidate
                x,a,2,1,0.5,0
                x,a,2,0,0.5,1
                """);

        assertThat(new PropensityLog(file, true).shown())
                .containsExactly(new Shown(0, 0, 2, true, 0.5, 0, 0, 0), new Shown(0, 0, 2, false, 0.5, 1, 0, 0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            a,1,0,0      | propensity_score = 0: must be a probability above 0
            a,1,0,1.01   | propensity_score = 1.01: must be a probability above 0
            a,1,0,-0.5   | propensity_score = -0.5
            a,1,0,       | propensity_score = : must be a probability above 0
            a,1,0,NaN    | propensity_score = NaN
            a,1,0,half   | propensity_score = half: must be a number
            a,0,0,0.5    | position = 0: must be a whole number from 1
            a,1.5,0,0.5  | position = 1.5
            a,,0,0.5     | position =
            a,1,2,0.5    | click = 2
            ,1,0,0.5     | item_id = : must be given
            """)
    void aBadRowIsAFaultWithItsLine(String row, String fault) throws IOException {
        Path file = file("log.csv", HEADER + "t,b,1,0,0.5\nt," + row + "\n");

        assertThatThrownBy(() -> new PropensityLog(file, false))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("log.csv:3: " + fault);
    }

    @Test
    void whatIsNoLogIsAFault() throws IOException {
        Path other = file("log.csv", "item_id,position,click\na,1,0\n");

        assertThatThrownBy(() -> new PropensityLog(other, false)).hasMessageContaining("propensity_score");
        assertThatThrownBy(() -> new PropensityLog(file("plain.csv", HEADER), true))
                .hasMessageContaining("candidate");
        assertThatThrownBy(() -> new PropensityLog(folder.resolve("absent.csv"), false))
                .hasMessageContaining("absent.csv");
    }

    @Test
    void aCandidateIsATableByItemAndPlace() throws IOException {
        PropensityLog log =
                new PropensityLog(file("log.csv", HEADER + "t,a,1,0,0.5\nt,b,1,0,0.5\nt,a,2,0,0.5\n"), false);
        String table = "item_id,position,probability\na,1,0.25\nc,1,0.75\na,2,";

        List<Shown> shown = log.against(file("candidate.csv", table + "1\n"));

        assertThat(shown)
                .extracting(Shown::candidate)
                .containsExactly(0.25, 0.0, 1.0); // b is not shown, c not in the log
        assertThatThrownBy(() -> log.against(file("short.csv", table + "0.9\n")))
                .hasMessageContaining("place 2")
                .hasMessageContaining("must have the sum 1, not 0.9");
        assertThatThrownBy(() -> log.against(file("above.csv", table + "2\n")))
                .hasMessageContaining("--candidate = above.csv:4: probability = 2: must be a probability");
        assertThatThrownBy(() -> log.against(file("none.csv", "item_id,position,probability\na,1,1\n")))
                .hasMessageContaining("place 2");
    }

    /** The figures of the authors' own estimators for the uniform policy, by the log of Bernoulli Thompson sampling. */
    @Test
    void theSampleOfOpenBanditGivesTheAuthorsFigures() {
        Path sample = RealData.folder("open-bandit-men").resolve("bts.csv.gz");
        List<Shown> shown = new PropensityLog(sample, false).againstUniform();

        OffPolicyEstimates found = new OffPolicyEstimates(shown, Double.POSITIVE_INFINITY);

        assertThat(found.ips().value()).isCloseTo(0.0030086263272564836, within(1e-12));
        assertThat(found.selfNormalised().value()).isCloseTo(0.003189423162277392, within(1e-12));
        assertThat(found.effectiveRows()).isCloseTo(655.7098495873154, within(1e-9)); // 1e-12 of it
        assertThat(found.logged().value()).isEqualTo(0.0069);
        assertThat(new OffPolicyEstimates(shown, 10).ips().value()).isCloseTo(0.0030086263272564836, within(1e-12));
        // what the uniform policy earned in its own log is in the interval
        assertThat(found.selfNormalised().low()).isLessThan(0.0046);
        assertThat(found.selfNormalised().high()).isGreaterThan(0.0046);
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }
}
