package dev.millrace.index;

/**
 * How large a graph of vectors is, and how far it is searched.
 *
 * @param degree neighbours of a vector; more cost memory and time, and find more
 * @param buildBreadth candidates looked at to find a new vector's neighbours
 * @param searchBreadth candidates a search keeps, at least; it keeps three times as many as are wanted if that is more
 */
public record GraphShape(int degree, int buildBreadth, int searchBreadth) {

    /** What {@code GraphIndexTest} holds to a recall of .99 on 20,000 vectors of 64. */
    public static final GraphShape USUAL = new GraphShape(32, 128, 128);

    public GraphShape {
        if (degree < 2 || buildBreadth < degree || searchBreadth < 1) {
            throw new IllegalArgumentException("degree = " + degree + ", build breadth = " + buildBreadth
                    + ", search breadth = " + searchBreadth
                    + ": must be at least 2, at least the degree, at least 1");
        }
    }
}
