package dev.millrace.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrincipalPlaneTest {

    private static final double CLOSE = 1e-6;

    /** The variances along the four axes are 9, 4, 1 and 0: the plane is that of the first two, whatever the mean. */
    @Test
    void thePlaneIsThatOfTheLargestVariances() {
        PrincipalPlane plane = PrincipalPlane.first(4).next(box(5));

        float[] corner = {5 + 3, 5 + 2, 5 + 1, 5};
        assertThat(Math.abs(plane.along(0, corner))).isEqualTo(3, within(CLOSE));
        assertThat(Math.abs(plane.along(1, corner))).isEqualTo(2, within(CLOSE));
    }

    @Test
    void theNextPlaneDoesNotFlip() {
        PrincipalPlane first = PrincipalPlane.first(4).next(box(5));

        PrincipalPlane next = first.next(box(6));

        float[] before = {5 + 3, 5 + 2, 5, 5};
        float[] after = {6 + 3, 6 + 2, 6, 6};
        assertThat(next.along(0, after)).isEqualTo(first.along(0, before), within(CLOSE));
        assertThat(next.along(1, after)).isEqualTo(first.along(1, before), within(CLOSE));
    }

    @Test
    void vectorsOnOnePointAreInItsMiddle() {
        float[] point = {1, 2, 3, 4};

        PrincipalPlane plane = PrincipalPlane.first(4).next(List.of(point, point));

        assertThat(plane.along(0, point)).isEqualTo(0, within(CLOSE));
        assertThat(plane.along(1, point)).isEqualTo(0, within(CLOSE));
    }

    /** The corners of a box around a point, whose edges are 6, 4, 2 and 0 long. */
    private static List<float[]> box(float middle) {
        List<float[]> corners = new ArrayList<>();
        for (int corner = 0; corner < 8; corner++) {
            float x = (corner & 1) == 0 ? -3 : 3;
            float y = (corner & 2) == 0 ? -2 : 2;
            float z = (corner & 4) == 0 ? -1 : 1;
            corners.add(new float[] {middle + x, middle + y, middle + z, middle});
        }
        return corners;
    }
}
