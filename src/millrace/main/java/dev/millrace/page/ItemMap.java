package dev.millrace.page;

import dev.millrace.index.IndexedItem;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.ServedGeneration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The items of the generation that answers, as points in the plane of their vectors that shows most of them. Safe for threads.
 *
 * <p>A map is drawn when it is asked for, and again for the first who asks {@value #FRESH_MILLIS} ms later.
 * Others who ask meanwhile get the map before, and do not wait.
 */
public final class ItemMap {

    private static final int MOST_POINTS = 1_500;
    private static final long FRESH_MILLIS = 3_000;

    private final RecallEngine engine;
    private final InstantSource clock;
    private final ReentrantLock drawing = new ReentrantLock();
    private volatile Optional<Drawn> latest = Optional.empty();
    private Optional<Basis> basis = Optional.empty(); // guarded by drawing

    /** An item and its place. */
    public record Point(IndexedItem item, double x, double y) {}

    /**
     * A map.
     *
     * @param points some of the items, evenly chosen, if there are more than {@value #MOST_POINTS}
     * @param items of the index
     */
    public record Drawn(String generation, long at, List<Point> points, int items) {
        public Drawn {
            points = List.copyOf(points);
        }
    }

    /** The plane of the last map: that of another generation has nothing to do with it. */
    private record Basis(String generation, PrincipalPlane plane) {}

    ItemMap(RecallEngine engine, InstantSource clock) {
        this.engine = engine;
        this.clock = clock;
    }

    /** The map; absent while no generation answers, it has no items, or the first map is being drawn. */
    public Optional<Drawn> drawn() {
        Optional<ServedGeneration> served =
                engine.served().filter(one -> one.index().size() > 0);
        if (served.isEmpty()) {
            return Optional.empty();
        }
        if (!isFresh(served.get()) && drawing.tryLock()) {
            try {
                if (!isFresh(served.get())) { // another may have drawn it just now
                    latest = Optional.of(draw(served.get()));
                }
            } finally {
                drawing.unlock();
            }
        }
        return latest;
    }

    private boolean isFresh(ServedGeneration served) {
        return latest.filter(
                        map -> map.generation().equals(served.generation()) && clock.millis() - map.at() < FRESH_MILLIS)
                .isPresent();
    }

    private Drawn draw(ServedGeneration served) {
        List<IndexedItem> items = served.index().someItems(MOST_POINTS);
        PrincipalPlane before = basis.filter(last -> last.generation().equals(served.generation()))
                .map(Basis::plane)
                .orElseGet(() -> PrincipalPlane.first(served.index().dim()));
        PrincipalPlane plane =
                before.next(items.stream().map(IndexedItem::vector).toList());
        basis = Optional.of(new Basis(served.generation(), plane));
        List<Point> points = items.stream()
                .map(item -> new Point(item, plane.along(0, item.vector()), plane.along(1, item.vector())))
                .toList();
        return new Drawn(
                served.generation(), clock.millis(), points, served.index().size());
    }
}
