package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.junit.jupiter.api.Test;

class OpenConnectionsTest {

    private long now = -1_000; // a clock may be anywhere
    private final OpenConnections connections =
            new OpenConnections(new ClientLimits(3, 1 << 20, 1 << 20, Duration.ofSeconds(30), 1_000), this::readClock);

    /** Happens when the clock is read the second time from now. */
    private Runnable meanwhile = () -> {};

    private int readings;

    @Test
    void slowRequestsEndTheirConnection() {
        FakeConnection silent = opened();
        FakeConnection trickling = opened();

        for (int second = 0; second < 29; second++) {
            pass(1);
            trickling.bytesIn++;
        }
        assertThat(silent.getEndPoint().isOpen()).isTrue();
        assertThat(trickling.getEndPoint().isOpen()).isTrue();

        pass(1);
        assertThat(silent.getEndPoint().isOpen()).isFalse();
        assertThat(trickling.getEndPoint().isOpen()).isFalse();
        assertThat(connections.lateCount()).isEqualTo(2);
        assertThat(connections.count()).isZero();
    }

    @Test
    void bodiesHaveFiveSecondsAndThenTheirRate() {
        List<String> late = new ArrayList<>();
        OpenConnections.OpenConnection slow = connections.of(opened());
        OpenConnections.OpenConnection steady = connections.of(opened());
        slow.awaitBody(() -> late.add("slow"));
        steady.awaitBody(() -> late.add("steady"));

        slow.received(2_000); // 5 s and 2 s at 1,000 bytes a second
        for (int second = 0; second < 7; second++) {
            steady.received(1_000);
            pass(1);
        }
        assertThat(late).containsExactly("slow");

        for (int second = 7; second < 29; second++) {
            steady.received(1_000);
            pass(1);
        }
        assertThat(late).containsExactly("slow");
        steady.received(1_000);
        pass(1); // nothing may take longer than 30 s
        assertThat(late).containsExactly("slow", "steady");
    }

    @Test
    void whatIsBeingAnsweredIsNeverLate() {
        FakeConnection connection = opened();
        OpenConnections.OpenConnection answering = connections.of(connection);
        answering.awaitBody(() -> {});
        answering.answering();

        pass(3_600);

        assertThat(connection.getEndPoint().isOpen()).isTrue();
        assertThat(connections.lateCount()).isZero();
    }

    @Test
    void whoIsSlowAmidARequestMakesRoomBeforeWhoIsIdle() {
        FakeConnection idle = opened();
        pass(10);
        FakeConnection amidHeaders = opened();
        amidHeaders.bytesIn = 20;
        FakeConnection alsoIdle = opened();
        pass(2);

        FakeConnection fourth = opened();
        assertThat(amidHeaders.getEndPoint().isOpen()).isFalse();
        FakeConnection fifth = opened();
        assertThat(idle.getEndPoint().isOpen()).isFalse();

        assertThat(List.of(alsoIdle, fourth, fifth))
                .allMatch(each -> each.getEndPoint().isOpen());
        assertThat(connections.displacedCount()).isEqualTo(2);
    }

    @Test
    void newcomersDisplaceTheLongestWaitingNotThemselves() {
        List<FakeConnection> others = List.of(opened(), opened(), opened());
        pass(5);
        readings = 0;
        meanwhile = () -> {
            now++;
            others.forEach(each -> connections.of(each).answered());
        };

        FakeConnection newcomer = opened();

        assertThat(newcomer.getEndPoint().isOpen()).isTrue();
        assertThat(others).filteredOn(each -> each.getEndPoint().isOpen()).hasSize(2);
        assertThat(connections.displacedCount()).isEqualTo(1);
    }

    @Test
    void whatIsStillWrittenToAClosedConnectionHoldsNothing() {
        FakeConnection connection = opened();
        OpenConnections.OpenConnection gone = connections.of(connection);
        gone.awaitBody(() -> {});
        gone.received(100);

        connections.onClosed(connection);
        gone.awaitTaking(50);

        assertThat(connections.heldBytes()).isZero();
    }

    @Test
    void endingServersCloseIdleConnectionsOnly() {
        FakeConnection idle = opened();
        FakeConnection amidHeaders = opened();
        amidHeaders.bytesIn = 20;
        FakeConnection answered = opened();
        connections.of(answered).awaitBody(() -> {});
        connections.of(answered).answering();

        connections.end();
        pass(1);

        assertThat(idle.getEndPoint().isOpen()).isFalse();
        assertThat(amidHeaders.getEndPoint().isOpen()).isTrue();
        assertThat(answered.getEndPoint().isOpen()).isTrue();
        assertThat(connections.lateCount()).isZero();
        assertThat(connections.isEnding()).isTrue();
    }

    private FakeConnection opened() {
        FakeConnection connection = new FakeConnection();
        connections.onOpened(connection);
        return connection;
    }

    private long readClock() {
        if (++readings == 2) {
            meanwhile.run();
        }
        return now;
    }

    private void pass(long seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
        connections.endLateWaits();
    }

    /** A connection that has received as much as the test says. */
    private static final class FakeConnection extends AbstractConnection {
        private long bytesIn;

        FakeConnection() {
            super(new ByteArrayEndPoint(), Runnable::run);
        }

        @Override
        public long getBytesIn() {
            return bytesIn;
        }

        @Override
        public void onFillable() {
            // nothing comes
        }
    }
}
