from segrefiner_mm.integrations.label_map_refiner import LabelMapRefiner
from segrefiner_mm.integrations.refined_detector import RefinedDetector
from segrefiner_mm.integrations.refined_segmentor import RefinedSegmentor

__all__ = ['LabelMapRefiner', 'RefinedDetector', 'RefinedSegmentor']
