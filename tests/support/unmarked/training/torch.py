"""Stands in the way of the real package in tests that do not say that they need it."""

raise AssertionError("this test loads torch: mark it with `@pytest.mark.training`")
