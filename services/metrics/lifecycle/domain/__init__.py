"""What decides stages. Pure: days are ordinals of shop-local dates."""
