/**
 * Fuzzers of what reads strangers' bytes. Each target is a class with one method, {@code fuzzerTestOneInput}, which throws if a promise
 * is broken: not only that nothing but a refusal is thrown, but also that what was read can be written and read again.
 *
 * <p>One target for ten minutes, guided by coverage (Jazzer; profile {@code fuzz}, which alone resolves it):
 *
 * <pre>mvn -B -Pfuzz test-compile exec:exec -Dfuzz.target=EventFuzz -Dfuzz.seconds=600</pre>
 *
 * <p>What it found interesting is in {@code target/fuzz/EventFuzz}, what broke a promise in {@code target/fuzz/EventFuzz-crash-…}. Put the
 * latter into {@code src/workshop/test/resources/fuzz/EventFuzz}: {@link dev.millrace.fuzz.CorpusTest} replays that directory at each build,
 * without Jazzer.
 *
 * <p>Beside them, and without Jazzer, {@link dev.millrace.fuzz.RedTeam} searches for the legal events of a few accounts that do most damage to others:
 *
 * <pre>mvn -B -Pfuzz test-compile exec:exec@redteam -Dredteam.goal=rank -Dredteam.accounts=1 -Dfuzz.seconds=600</pre>
 */
@NullMarked
package dev.millrace.fuzz;

import org.jspecify.annotations.NullMarked;
