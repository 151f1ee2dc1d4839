# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of the figures that the bench has measured."""
