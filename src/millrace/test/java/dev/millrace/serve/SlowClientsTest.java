package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is slow, with whatever and however many connections, takes nothing from the others. */
@Tag("slow")
class SlowClientsTest {

    private static final int SLOW = 1_000;
    private static final int GOOD_A_SECOND = 200;

    private final RecallScene scene;
    private LoggedWarnings logged;

    SlowClientsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
    }

    @BeforeEach
    void start() {
        scene.fill();
        scene.fillWithItems(1_000);
        logged = new LoggedWarnings();
    }

    @AfterEach
    void stop() {
        scene.close();
        logged.close();
    }

    private static final List<SlowClients.Kind> KINDS = List.of(SlowClients.Kind.values());

    @Test
    void aThousandOfAllKindsDelayNobody() throws Exception {
        try (RecallServer server = scene.server(0, 2_048)) {
            GoodRequests.send(server.url(), GOOD_A_SECOND, Duration.ofSeconds(3)); // warms up
            GoodRequests alone = GoodRequests.send(server.url(), GOOD_A_SECOND, Duration.ofSeconds(5));
            try (SlowClients slow = new SlowClients(server.port(), SLOW, SlowClientsTest::ofAllKinds)) {
                GoodRequests beside = GoodRequests.send(server.url(), GOOD_A_SECOND, Duration.ofSeconds(12));

                System.out.println("alone: " + alone + "; beside " + SLOW + " slow clients: " + beside + "; "
                        + slow.returns() + " came back");
                assertThat(beside.lost()).isEmpty();
            }
        }
        assertThat(logged.lines()).isEmpty();
    }

    private static SlowClients.Kind ofAllKinds(int client) {
        return KINDS.get(client % KINDS.size());
    }
}
