package dev.millrace.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class TeamTest {

    @Test
    void eachPlaceOfALoopIsDoneOnce() {
        try (Team team = new Team("test", 4)) {
            for (int count = 0; count < 3_000; count++) {
                int[] done = new int[count];

                team.share(count, 3, (from, to, member) -> {
                    for (int at = from; at < to; at++) {
                        done[at]++;
                    }
                });

                assertThat(done).containsOnly(count == 0 ? new int[0] : new int[] {1});
            }
        }
    }

    /** Each slice waits until the other has begun, so that one thread alone would not come to an end. */
    @Test
    void slicesRunAtTheSameTimeOnDifferentMembers() {
        CountDownLatch begun = new CountDownLatch(2);
        Set<Integer> members = ConcurrentHashMap.newKeySet();
        try (Team team = new Team("test", 2)) {
            team.share(2, 1, (from, to, member) -> {
                members.add(member);
                begun.countDown();
                awaitUninterrupted(begun);
            });
        }

        assertThat(members).containsExactlyInAnyOrder(0, 1);
    }

    @Test
    void exceptionOfASliceComesOutAndTheNextLoopRuns() {
        try (Team team = new Team("test", 2)) {
            CountDownLatch begun = new CountDownLatch(2);
            assertThatThrownBy(() -> team.share(2, 1, (from, to, member) -> {
                        begun.countDown();
                        awaitUninterrupted(begun);
                        if (member == 1) {
                            throw new IllegalStateException("of the other thread");
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("of the other thread");

            boolean[] ran = new boolean[2];
            team.share(2, 1, (from, to, member) -> ran[from] = true);
            assertThat(ran).containsOnly(true);
        }
    }

    @Test
    void threadsBeginWithTheFirstCutLoopAndEndWithTheTeam() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        CountDownLatch begun = new CountDownLatch(3);
        Team team = new Team("test", 3);
        team.share(1, 1, (from, to, member) -> assertThat(member).isZero());

        team.share(3, 1, (from, to, member) -> {
            threads.add(Thread.currentThread());
            begun.countDown();
            awaitUninterrupted(begun);
        });
        team.close();

        assertThat(threads).hasSize(3).contains(Thread.currentThread());
        threads.remove(Thread.currentThread());
        assertThat(threads).noneMatch(Thread::isAlive);
        team.share(8, 1, (from, to, member) -> assertThat(member).isZero());
    }

    @Test
    void numberOfThreadsIsBounded() {
        assertThatThrownBy(() -> new Team("test", 0)).hasMessage("a team of 0 threads: must be from 1 to 64");
        assertThatThrownBy(() -> new Team("test", 65)).hasMessage("a team of 65 threads: must be from 1 to 64");
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ended) {
            throw new IllegalStateException(ended);
        }
    }
}
